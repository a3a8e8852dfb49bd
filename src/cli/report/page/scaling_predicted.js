/* SPDX-License-Identifier: MIT
 *
 * What the model of the machine says, beside what was measured, and of machines that are not there.
 */
R.describePredicted = (model, {trial}) => {
	const {predicted, step} = trial.level;
	return {...R.describeLevel(model, trial), pairs: [["measured", R.withInterval(step, R.span)],
		["predicted", R.span(predicted.seconds)], ["error", R.percent(predicted.error)],
		["compute", R.span(predicted.compute)], ["reduction", R.span(predicted.reduction)],
		["meeting", R.span(predicted.meeting)], ["bound by memory", predicted.memory_bound ? "yes" : "no"]]};
};

R.panel({
	id: "scaling-predicted", title: "Measured and predicted", kind: "scaling", width: 6,
	question: "Does the model of the machine know this one? Then it may be asked about others.",
	applies: model => model.points.some(({level}) => level.predicted),
	build(body, model) {
		const get = level => level.step, has = ({level}) => level.predicted;
		R.scalingPlot(body, model, {id: "predicted", height: 250,
			label: "time of a step by workers, measured and predicted",
			describe: item => (has(item.trial) ? R.describePredicted(model, item) : R.describeLevel(model, item.trial)),
			draw(plot, over) {
				const x = R.workersAxis(plot, model, false), shown = model.shown();
				const all = shown.flatMap(({points}) => points.flatMap(({level}) =>
					[level.step.value, level.predicted && level.predicted.seconds])).filter(R.isNumber);
				const [low, high] = d3.extent(all.length ? all : [1, 2]), isLog = high / low > 6;
				const unit = R.timeUnit([low, high]);
				const y = R.numberScale(isLog, (isLog ? [low / 1.15, high * 1.15] : [0, high * 1.08])
					.map(s => s * unit.factor), [plot.bottom, plot.top]);
				plot.y = y;
				plot.drawAxes(x, y, {xName: "workers", yName: `${unit.name} a step`});
				for (const series of shown) {
					const group = R.under(plot).style("--colour", R.seriesVariable(series.index));
					const points = series.points.filter(has), at = ({level}) => y(level.predicted.seconds * unit.factor);
					group.append("path").attr("class", "curve predicted").attr("data-series", series.index)
						.attr("d", d3.line().x(({level}) => x(level.workers)).y(at)(points));
				}
				return R.drawLevels(plot, over, model, x, y, get, {factor: unit.factor});
			}});
		R.scalingPlot(body, model, {id: "error", height: 150, label: "error of the prediction by workers",
			describe: item => R.describePredicted(model, item),
			draw(plot, over) {
				const x = R.workersAxis(plot, model, false);
				const error = level => (level.predicted && R.isNumber(level.predicted.error)
					? {value: level.predicted.error} : null);
				const most = 1.1 * d3.max([5, ...R.levelExtent(model, error, 100).map(Math.abs)]);
				const y = R.numberScale(false, [-most, most], [plot.bottom, plot.top]);
				plot.y = y;
				plot.drawAxes(x, y, {xName: "workers", yName: "error, %"});
				R.under(plot).append("path").attr("class", "zero").attr("d", `M${plot.left},${y(0)}H${plot.right}`);
				return R.drawLevels(plot, over, model, x, y, error, {joins: true, factor: 100});
			}});
		R.seriesLegend(body, model, ["marks: measured", "dashed: predicted"]);
	},
});

/* Predictions of machines, {series, topology, steps}: one line each; the same job on several stands in one chart. */
R.machinesOf = model => model.series.flatMap(series => series.predictions.filter(({topology, steps}) =>
	topology !== null && steps.length)
	.map(prediction => ({...prediction, series})));

R.panel({
	id: "scaling-machines", title: "Predicted machines", kind: "scaling",
	question: "What might the same job do on a machine that is not there?",
	applies: model => R.machinesOf(model).length > 0,
	build(body, model) {
		const machines = R.machinesOf(model), names = [...new Set(machines.map(({topology}) => topology))];
		const dashes = ["", "7 4", "2 3", "9 3 2 3"];
		const rate = ({series}, step) => (model.isWeak ? series.batch * step.workers : series.batch) / step.seconds;
		const describe = ({machine, step}) => ({title: `${R.workers(step.workers)} on ${machine.topology}`, pairs: [
			...(model.hasSeveral ? [["series", machine.series.name]] : []), ["a step", R.span(step.seconds)],
				["samples/s", R.rate(rate(machine, step))],
			["compute", R.span(step.compute)], ["reduction", R.span(step.reduction)], ["meeting", R.span(step.meeting)],
			["bound by memory", step.memory_bound ? "yes" : "no"]], more: "predicted, not measured"});
		R.scalingPlot(body, model, {id: "machines", height: 300, margin: {left: 76},
			label: "predicted samples a second by workers", describe, draw(plot, over) {
			const mine = machines.filter(({series}) => series.isShown);
			const steps = mine.flatMap(one => one.steps.map(step => [one, step]));
			if (!steps.length)
				return [];
			const own = {isLog: true};
			const x = R.workersScale(own, d3.extent(steps, ([, step]) => step.workers), [plot.left, plot.right]);
			const [low, high] = d3.extent(steps, ([machine, step]) => rate(machine, step));
			const y = R.numberScale(true, [low / 1.2, high * 1.2], [plot.bottom, plot.top]);
			Object.assign(plot, {x, y});
			plot.drawAxes(x, y, {xName: "workers", yName: "samples a second, predicted"});
			return mine.flatMap(machine => {
				const group = over.append("g").attr("class", "series").attr("data-topology", machine.topology)
					.style("--colour", R.seriesVariable(machine.series.index));
				const items = machine.steps.map(step => ({trial: null, machine, step, x: x(step.workers),
					y: y(rate(machine, step))}));
				group.append("path").attr("class", "curve").style("stroke-dasharray",
					dashes[names.indexOf(machine.topology) % 4] || null)
					.attr("d", d3.line().x(item => item.x).y(item => item.y)(items));
				for (const item of items)
					group.append("path").attr("class", "mark" + (item.step.memory_bound ? " vague" : ""))
						.attr("data-value", item.step.seconds)
						.attr("data-workers", item.step.workers).attr("transform", `translate(${item.x},${item.y})`)
						.attr("d", R.seriesSymbol(machine.series.index, 40));
				return items;
			});
		}});
		R.seriesLegend(body, model, ["hollow: bound by memory"]);
		body.append(R.el("div", {class: "legend"}, names.map((name, i) => {
			const icon = d3.create("svg").attr("width", 30).attr("height", 10).attr("aria-hidden", "true");
			icon.append("path").attr("d", "M0,5H30").style("stroke", "var(--ink)").style("stroke-width", 1.8)
				.style("stroke-dasharray", dashes[i % 4] || null);
			return R.el("span", {}, icon.node(), R.code(name));
		})));
	},
});
