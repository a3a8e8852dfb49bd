/* SPDX-License-Identifier: MIT
 *
 * Where a step's time goes: a stack a level, in time and in parts, and how even the shares are.
 */
R.PHASES = ["gather", "forward", "backward", "gradient", "update", "wait"];
R.PHASE_NOTES = {gather: "gather the rows", forward: "forward", backward: "backward", gradient: "gradient",
	update: "sum and update", wait: "wait"};

/* Levels side by side; with many of them only some have a text. */
R.levelBands = (points, range) => {
	const scale = d3.scaleBand().domain(points.map(({level}) => level.workers)).range(range)
		.paddingInner(points.length > 40 ? 0.1 : 0.22)
		.paddingOuter(0.15);
	const middle = n => scale(n) + scale.bandwidth() / 2;
	middle.band = scale;
	middle.ticksOf = () => {
		const every = Math.max(1, Math.ceil(26 * points.length / (range[1] - range[0])));
		return points.filter((_, i) => (i + 1) % every === 0 || every === 1)
			.map(({level}) => ({value: level.workers, text: String(level.workers)}));
	};
	return middle;
};

/* Waiting is hatched as well, since it is what nobody wants. */
R.hatch = svg => {
	const id = `hatch-${R.clipId++}`;
	const pattern = svg.append("defs").append("pattern").attr("id", id).attr("width", 5).attr("height", 5)
		.attr("patternUnits", "userSpaceOnUse").attr("patternTransform", "rotate(45)");
	pattern.append("rect").attr("width", 5).attr("height", 5).style("fill", "var(--phase-wait)");
	pattern.append("rect").attr("width", 1.6).attr("height", 5).style("fill", "var(--card)").style("opacity", 0.75);
	return `url(#${id})`;
};

R.describePhases = (model, point) => {
	const {phases} = point.level, total = d3.sum(R.PHASES, name => phases[name]);
	return {...R.describeLevel(model, point), pairs: [...R.PHASES.map(name =>
		[R.PHASE_NOTES[name], `${R.span(phases[name])}, ${R.percent(phases[name] / (total || 1))}`]),
			["load balance", R.digits(4)(phases.balance)]]};
};

R.phasePlot = (host, model, series, isShare) => {
	const points = series.points.filter(({level}) => level.phases);
	const totals = points.map(({level}) => d3.sum(R.PHASES, name => level.phases[name]));
	const unit = isShare ? {name: "% of a step", factor: 100} : R.timeUnit(d3.extent(totals.filter(total => total > 0)));
	const plot = R.scalingPlot(host, model, {id: `phases-${isShare ? "share" : "time"}-${series.index}`, height: 250,
		reach: 400, margin: {left: 46}, label: `phases of a step by workers, ${isShare ? "parts" : "time"}`,
		describe: item => R.describePhases(model, item.trial),
		draw(own, over) {
			const x = R.levelBands(points, [own.left, own.right]);
			const y = R.numberScale(false, [0, isShare ? 100 : (d3.max(totals) || 1) * unit.factor * 1.04],
				[own.bottom, own.top]);
			Object.assign(own, {x, y});
			own.drawAxes(x, y, {xName: "workers", yName: isShare ? unit.name : `${unit.name} a step`});
			const width = x.band.bandwidth(), fill = width > 6 ? R.hatch(over) : "var(--phase-wait)";
			return points.map((point, i) => {
				const left = x.band(point.level.workers);
				let below = 0;
				for (const name of R.PHASES) {
					const height = point.level.phases[name] / (isShare ? totals[i] || 1 : 1) * unit.factor;
					over.append("rect").attr("class", `phase ${name}` + (width > 6 ? "" : " small"))
						.attr("data-workers", point.level.workers).attr("data-value", point.level.phases[name])
						.attr("x", left).attr("width", width).attr("y", y(below + height))
						.attr("height", Math.max(0, y(below) - y(below + height)))
						.style("fill", name === "wait" ? fill : `var(--phase-${name})`);
					below += height;
				}
				return {trial: point, x: left + width / 2, y: y(below / 2)};
			});
		}});
	return plot;
};

R.balancePlot = (host, model, series) => {
	const points = series.points.filter(({level}) => level.phases && R.isNumber(level.phases.balance));
	R.scalingPlot(host, model, {id: `balance-${series.index}`, height: 250, margin: {left: 46},
		label: "load balance by workers", reach: 60, describe:
		item => R.describePhases(model, item.trial), draw(plot, over) {
		const x = R.levelBands(points, [plot.left, plot.right]);
		const least = d3.min(points, ({level}) => level.phases.balance) || 1;
		const y = R.numberScale(false, [Math.min(0.8, least - 0.05), 1.01], [plot.bottom, plot.top]);
		Object.assign(plot, {x, y});
		plot.drawAxes(x, y, {xName: "workers", yName: "load balance"});
		R.under(plot).append("path").attr("class", "ideal").attr("d", `M${plot.left},${y(1)}H${plot.right}`);
		const own = over.append("g").attr("class", "series").style("--colour", R.seriesVariable(series.index));
		const items = points.map(point => ({trial: point, x: x(point.level.workers), y: y(point.level.phases.balance)}));
		own.append("path").attr("class", "join").attr("d", d3.line().x(item => item.x).y(item => item.y)(items));
		for (const item of items)
			own.append("path").attr("class", "mark" + (points.length > 40 ? " small" : ""))
				.attr("data-value", item.trial.level.phases.balance).attr("transform", `translate(${item.x},${item.y})`)
				.attr("d", R.seriesSymbol(series.index, points.length > 40 ? 14 : 44));
		return items;
	}});
};

R.panel({
	id: "scaling-phases", title: "Where the time goes", kind: "scaling",
	question: "What takes more of a step when there are more workers? How even are their shares?",
	applies: model => model.points.some(({level}) => level.phases),
	build(body, model) {
		for (const series of model.series.filter(({points}) => points.some(({level}) => level.phases))) {
			if (series.original !== series) {
				body.append(R.el("div", {}, R.seriesHead(series), R.sharedNote(series)));
				continue;
			}
			const row = R.el("div", {class: "phase-row", "data-series": series.index});
			const cells = d3.range(3).map(() => R.el("div", {}));
			const whole = R.el("div", {}, model.hasSeveral ? R.seriesHead(series) : null,
				R.append(row, cells));
			body.append(whole);
			R.phasePlot(cells[0], model, series, false);
			R.phasePlot(cells[1], model, series, true);
			R.balancePlot(cells[2], model, series);
			model.on("show", () => { whole.hidden = !series.isShown; });
		}
		const missing = model.points.filter(({level}) => !level.phases).length;
		R.seriesLegend(body, model);
		body.append(R.el("div", {class: "legend"}, R.PHASES.map(name => {
			const icon = d3.create("svg").attr("width", 14).attr("height", 12).attr("aria-hidden", "true");
			icon.append("rect").attr("width", 14).attr("height", 12).attr("rx", 2)
				.style("fill", name === "wait" ? R.hatch(icon) : `var(--phase-${name})`);
			return R.el("span", {}, icon.node(), R.PHASE_NOTES[name]);
		}), R.el("span", {}, "means over the workers; load balance: mean / longest of the work without waiting"),
		missing ? R.el("span", {}, `${R.count(missing, "level")} without phases`) : null));
	},
});
