/* SPDX-License-Identifier: MIT
 *
 * The objective by each parameter alone, with the median where there are enough trials for one.
 */
R.panel({
	id: "slices", title: "Slices", kind: "study",
	question: "In which range of each parameter are the good values? Does the range end too early?",
	applies: model => model.varying.length > 0 && model.rated.length > 1,
	build(body, model) {
		const grid = R.el("div", {class: "grid-of-plots"});
		body.append(grid);
		const byShare = [...model.varying].sort((a, b) => (b.share || 0) - (a.share || 0));
		for (const parameter of byShare)
			R.slice(grid, model, parameter);
		body.append(R.el("div", {class: "legend"}, R.stateLegend(model), R.shadeLegend(model),
			R.el("span", {}, "short lines: medians of trials that are done")));
	},
});

/* Medians over listed values, or over up to eight parts of a range; three trials at least. */
R.sliceMedians = (items, x) => {
	const groups = new Map();
	const [left, right] = x.range(), width = (right - left) / 8;
	for (const item of items) {
		if (item.state !== "done")
			continue;
		const key = x.isListed ? item.value : Math.min(7, Math.floor((item.x - left) / width));
		if (!groups.has(key))
			groups.set(key, []);
		groups.get(key).push(item);
	}
	return [...groups].filter(([, group]) => group.length >= 3).map(([key, group]) => {
		const middle = x.isListed ? x(key) : left + (key + 0.5) * width;
		const half = x.isListed ? Math.min(16, 0.4 * x.step()) : width / 2;
		return {from: middle - half, to: middle + half, y: d3.median(group, item => item.y)};
	});
};

R.slice = (grid, model, parameter) => {
	const cell = R.el("div", {}, R.el("h3", {title: parameter.name}, parameter.name,
		parameter.scale === "log" ? " (log)" : ""));
	grid.append(cell);
	const plot = new R.Plot(cell, {height: 190, margin: {top: 8, right: 8, bottom: 24, left: 52},
		label: `${model.metric} by ${parameter.name}`});
	const trials = model.rated.filter(trial => model.value(trial, parameter) !== null);
	let items = [], nearest = () => null;

	function draw() {
		const context = plot.layer(0), r = items.length > 600 ? 2 : 3;
		const selected = items.filter(({trial}) => model.selected[trial.index]);
		if (selected.length < items.length)
			R.drawMarks(context, items.filter(({trial}) => !model.selected[trial.index]), r, 0.1);
		R.drawMarks(context, selected, r, items.length > 600 ? 0.7 : 0.9);
		context.strokeStyle = R.colour("ink");
		context.lineWidth = 2;
		for (const {from, to, y} of R.sliceMedians(selected, plot.x)) {
			context.beginPath();
			context.moveTo(from, y);
			context.lineTo(to, y);
			context.stroke();
		}
	}
	function drawPointed() {
		R.drawRings(plot.layer(1), items, model, 7);
	}
	plot.start(() => {
		const x = R.parameterScale(model, parameter, [plot.left, plot.right]);
		const y = R.objectiveScale(model, [plot.bottom, plot.top]);
		plot.x = x;
		plot.drawAxes(x, y, {xTicks: 4, yTicks: 4});
		items = trials.map(trial => {
			const value = model.value(trial, parameter);
			const spread = x.isListed ? ((trial.number * 0.618034) % 1 - 0.5) * Math.min(40, 0.6 * x.step()) : 0;
			return {trial, value, state: trial.state, colour: model.colourOf(trial), x: x(value) + spread,
				y: y(trial.objective)};
		});
		nearest = R.nearestPoint(items, 14);
		draw();
		drawPointed();
	});
	plot.watch(model, {nearest: (x, y) => nearest(x, y), order: () => items.slice().sort((a, b) => a.x - b.x),
		place: item => [item.x, item.y], describe: item => model.describe(item.trial), trial: item => item.trial});
	model.on("select", draw);
	model.on("hover", drawPointed);
	model.on("pin", drawPointed);
};
