/* SPDX-License-Identifier: MIT
 *
 * Speed-up, efficiency and serial fraction by workers. Curves are through throughputs, as lockstep scale fitted them;
 * divided by the baseline's they lie over speed-ups.
 */
R.speedupOf = (series, throughput) => throughput / series.base.level.samples_per_second;

R.curveNotes = model => (model.series.some(({curves}) => curves.length) ? ["thick: USL with its 95 % band",
	`thin: ${model.isWeak ? "Gustafson" : "Amdahl"}`, "dashed: beyond the levels"] : []);

R.refusalNote = model => {
	const refused = model.series.filter(({refusal}) => refusal);
	return refused.length ? R.el("p", {class: "note"},
		[...new Set(refused.map(({refusal}) => `No curve: ${refusal}.`))].join(" ")) : null;
};

R.panel({
	id: "scaling-speedup", title: "Speed-up", kind: "scaling", width: 6,
	question: "How much faster than the baseline, and what would more workers bring?",
	applies: model => model.hasLevels,
	build(body, model, controls) {
		const get = level => level.speedup;
		R.workersControls(controls, model, true);
		R.scalingPlot(body, model, {id: "speedup", height: 330, label: "speed-up by workers", draw(plot, over) {
			const x = R.workersAxis(plot, model, true), shown = model.shown();
			const [least, most] = R.levelExtent(model, get);
			const base = d3.min(shown, ({baseline}) => baseline) || 1, top = R.highestWorkers(model) / base;
			const curves = shown.flatMap(series => series.curves.filter(({model: name}) => model.models.has(name))
				.flatMap(({points}) => points.filter(({workers}) => plot.isInside(workers))
					.map(({high, value}) => R.speedupOf(series, R.isNumber(high) ? high : value))));
			const high = Math.max(most, Math.min(d3.max(curves) || 0, 2.5 * most), Math.min(top, 1.6 * most)) * 1.06;
			const y = R.numberScale(model.isLog, model.isLog ? [Math.min(least, 1) * 0.9, high] : [0, high],
				[plot.bottom, plot.top]);
			plot.y = y;
			plot.drawAxes(x, y, {xName: "workers", yName: model.isWeak ? "scaled speed-up" : "speed-up"});
			const [from, to] = [model.extent[0], x.domain()[1]];
			for (const one of new Set(shown.map(({baseline}) => baseline)))
				R.under(plot).append("path").attr("class", "ideal").attr("data-baseline", one)
					.attr("d", `M${x(from)},${y(from / one)}L${x(to)},${y(to / one)}`);
			R.drawCurves(plot, model, x, y, R.speedupOf);
			const items = R.drawLevels(plot, over, model, x, y, get);
			R.drawEndLabels(plot, over);
			return items;
		}});
		R.seriesLegend(body, model, [...R.levelNotes(model), "dotted: ideal", ...R.curveNotes(model)]);
		R.append(body, [R.refusalNote(model)]);
	},
});

R.panel({
	id: "scaling-efficiency", title: "Efficiency", kind: "scaling", width: 6,
	question: "What part of each worker is put to use?",
	applies: model => model.hasLevels,
	build(body, model) {
		const get = level => level.efficiency;
		R.scalingPlot(body, model, {id: "efficiency", height: 280, label: "efficiency by workers", draw(plot, over) {
			const x = R.workersAxis(plot, model, true), high = R.levelExtent(model, get)[1];
			const y = R.numberScale(false, [0, 100 * Math.max(1.05, Math.min(high, 3) * 1.03)], [plot.bottom, plot.top]);
			plot.y = y;
			plot.drawAxes(x, y, {xName: "workers", yName: model.isWeak ? "scaled efficiency, %" : "efficiency, %"});
			R.under(plot).append("path").attr("class", "ideal").attr("d", `M${plot.left},${y(100)}H${plot.right}`);
			R.drawCurves(plot, model, x, y, (series, throughput, n) =>
				100 * R.speedupOf(series, throughput) / (n / series.baseline));
			const items = R.drawLevels(plot, over, model, x, y, get, {factor: 100});
			R.drawEndLabels(plot, over);
			return items;
		}});
		R.seriesLegend(body, model, ["dotted: ideal", ...R.curveNotes(model)]);
	},
});

R.panel({
	id: "scaling-serial", title: "Serial fraction", kind: "scaling", width: 6,
	question: "Is there work that is not divided, or does something grow with the workers?",
	applies: model => model.points.some(({level}) => R.isNumber(level.serial_fraction.value)),
	build(body, model) {
		const get = level => level.serial_fraction;
		const known = [...new Set(model.points.filter(({level}) => R.isNumber(get(level).value))
			.map(({level}) => level.workers))];
		R.scalingPlot(body, model, {id: "serial", height: 280, label: "serial fraction by workers", draw(plot, over) {
			const isOne = known.length === 1;
			const x = isOne ? R.seriesAxis(plot, model, known[0]) : R.workersAxis(plot, model, false);
			const values = model.shown().flatMap(({points}) => points.map(({level}) => get(level).value))
				.filter(R.isNumber);
			const [low, high] = d3.extent([...values, 0]), [least, most] = R.levelExtent(model, get);
			/* At few workers an interval may be wider than all that is worth seeing: it is cut at the edge. */
			const span = high - low || 0.01;
			const y = R.numberScale(false, [Math.max(Math.min(least, low) - 0.1 * span, low - 0.6 * span),
				Math.min(Math.max(most, high) + 0.1 * span,
				high + 0.6 * span)], [plot.bottom, plot.top]);
			plot.y = y;
			plot.drawAxes(x.axis || x, y, {xName: isOne && model.hasSeveral ? `series, with ${R.workers(known[0])}` : "workers",
				yName: model.isWeak ? "serial fraction, Gustafson" : "serial fraction, Karp & Flatt"});
			R.under(plot).append("path").attr("class", "zero").attr("d", `M${plot.left},${y(0)}H${plot.right}`);
			return R.drawLevels(plot, over, model, x, y, get, {joins: true, ...(isOne && {shift: x.shift})});
		}});
		R.seriesLegend(body, model, known.length === 1 ? ["above 0: undivided work, waiting, communication or uneven shares",
			"below 0: something is gained"] : ["level: undivided work", "rising: waiting, communication or uneven shares",
			"below 0: something is gained"]);
	},
});
