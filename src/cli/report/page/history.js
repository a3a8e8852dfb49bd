/* SPDX-License-Identifier: MIT
 *
 * The objective of each trial in their order, and the best so far. Trials without an objective
 * have a rail of their own below.
 */
R.panel({
	id: "history", title: "History", kind: "study", width: 7,
	question: "Did the search get better, and is it still?",
	applies: model => model.trials.length > 0,
	build(body, model, controls) {
		const hasRail = model.trials.some(trial => !R.isNumber(trial.objective));
		const values = model.rated.map(trial => trial.objective);
		const log = R.el("input", {type: "checkbox", onchange: () => plot.layout()});
		log.checked = R.wantsLog(values);
		if (d3.min(values) > 0)
			controls.append(R.el("label", {}, log, "logarithmic"));
		const plot = new R.Plot(body, {height: 300, margin: {top: 22, bottom: hasRail ? 56 : 38, left: 62},
			label: `${model.metric} by trial`, layers: 3});
		let items = [], nearest = () => null;

		/* Only whole trials count, as in the ranking, unless there is none. */
		const counts = model.counts.done ? trial => trial.state === "done" : () => true;
		function bestLine(x, y) {
			const line = [];
			let best = null;
			for (const trial of model.trials) {
				if (!R.isNumber(trial.objective) || !counts(trial))
					continue;
				if (best === null || (model.maximize ? trial.objective > best : trial.objective < best)) {
					if (best !== null)
						line.push([x(trial.number), y(best)]);
					best = trial.objective;
					line.push([x(trial.number), y(best)]);
				}
			}
			if (best !== null)
				line.push([plot.right, y(best)]);
			return line;
		}

		function drawMarks() {
			const context = plot.layer(1), some = model.nSelected < model.trials.length;
			context.strokeStyle = R.colour("soft");
			for (const {trial, x, low, high} of items)
				if (low !== undefined && model.selected[trial.index]) {
					context.globalAlpha = 0.5;
					context.beginPath();
					context.moveTo(x, low);
					context.lineTo(x, high);
					context.stroke();
				}
			context.globalAlpha = 1;
			const r = items.length > 600 ? 2.4 : 3.6;
			if (some)
				R.drawMarks(context, items.filter(({trial}) => !model.selected[trial.index]), r, 0.12);
			R.drawMarks(context, items.filter(({trial}) => model.selected[trial.index]), r);
		}

		function drawPointed() {
			R.drawRings(plot.layer(2), items, model, 8);
		}

		plot.start(() => {
			const x = R.wholeScale([-0.5, d3.max(model.trials, trial => trial.number) + 0.5], [plot.left, plot.right]);
			const y = R.objectiveScale(model, [plot.bottom, plot.top], log.checked);
			plot.drawAxes(x, y, {xName: "trial", yName: model.metric});
			items = model.trials.map(trial => ({trial, state: trial.state, colour: model.colourOf(trial),
				x: x(trial.number), y: R.isNumber(trial.objective) ? y(trial.objective) : plot.bottom + 27,
				low: R.isNumber(trial.low) ? y(trial.low) : undefined, high: R.isNumber(trial.high) ? y(trial.high) : undefined}));
			if (hasRail)
				plot.axes.append("text").attr("x", plot.left - 7).attr("y", plot.bottom + 31)
					.attr("text-anchor", "end").text("none");
			nearest = R.nearestPoint(items);
			drawMarks();
			const context = plot.layer(0), line = bestLine(x, y);
			context.strokeStyle = R.colour("mark");
			context.lineWidth = 2;
			context.beginPath();
			line.forEach(([atX, atY], i) => (i ? context.lineTo(atX, atY) : context.moveTo(atX, atY)));
			context.stroke();
			drawPointed();
		});
		plot.watch(model, {nearest: (x, y) => nearest(x, y), order: () => items, place: item => [item.x, item.y],
			describe: item => model.describe(item.trial), trial: item => item.trial});
		model.on("select", drawMarks);
		model.on("hover", drawPointed);
		model.on("pin", drawPointed);
		const line = R.el("span", {});
		const icon = d3.create("svg").attr("width", 20).attr("height", 10);
		icon.append("path").attr("d", "M0,5H20").style("stroke", "var(--mark)").style("stroke-width", 2);
		R.append(line, [icon.node(), "best so far"]);
		body.append(R.el("div", {class: "legend"}, line, R.stateLegend(model), R.shadeLegend(model)));
	},
});
