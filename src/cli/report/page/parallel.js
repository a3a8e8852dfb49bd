/* SPDX-License-Identifier: MIT
 *
 * Parallel coordinates: a line a trial through all its parameters to its objective. Brushes on the axes select.
 * All lines are drawn faintly once; a brush draws the selected ones again on a layer of their own. Each is a path: one
 * of many lines takes longer than many of one, and lines that cross in it do not add up.
 */
R.panel({
	id: "parallel", title: "Parallel coordinates", kind: "study",
	question: "Which combinations are good? Drag along an axis to select trials; the other charts follow.",
	applies: model => model.varying.length > 0 && model.trials.length > 1,
	build(body, model, controls) {
		const axes = model.varying.map(parameter => ({name: parameter.name, parameter,
			get: trial => trial.values[parameter.index]}));
		axes.push({name: model.metric, isObjective: true, get: trial => trial.objective});
		for (const axis of axes)
			axis.hasNone = model.trials.some(trial => axis.get(trial) === null);
		const hasRail = axes.some(axis => axis.hasNone);
		const plot = new R.Plot(body, {height: 400, margin: {top: 44, bottom: hasRail ? 44 : 20, left: 84, right: 64},
			label: "parallel coordinates of parameters and objective", layers: 3, minWidth: 92 * axes.length});
		/* The worst first, so that the best lie on top; those without an objective below all. */
		const order = [...model.trials].sort((a, b) => (Number.isNaN(a.goodness) ? -1 : a.goodness) -
			(Number.isNaN(b.goodness) ? -1 : b.goodness));
		let lines = new Float32Array(0), colours = [];

		const at = (trial, k) => lines[trial.index * axes.length + k];
		function trace(context, trial) {
			context.moveTo(axes[0].x, at(trial, 0));
			for (let k = 1; k < axes.length; k++)
				context.lineTo(axes[k].x, at(trial, k));
		}
		function drawLines(context, trials, colourOf) {
			for (const trial of trials) {
				context.strokeStyle = colourOf(trial);
				context.beginPath();
				trace(context, trial);
				context.stroke();
			}
		}

		function drawSelected() {
			const context = plot.layer(1);
			const trials = order.filter(trial => model.selected[trial.index]);
			context.globalAlpha = trials.length > 500 ? 0.45 : trials.length > 100 ? 0.7 : 0.9;
			context.lineWidth = trials.length > 500 ? 1 : 1.4;
			drawLines(context, trials, trial => colours[trial.index]);
			const last = axes.length - 1;
			R.drawMarks(context, trials.filter(trial => trial.state !== "done").map(trial => ({state: trial.state,
				x: axes[last].x + 11, y: at(trial, last), colour: R.colour(trial.state)})), 3);
		}

		function drawPointed() {
			const context = plot.layer(2);
			for (const trial of [model.pinned, model.hovered]) {
				if (!trial)
					continue;
				context.strokeStyle = R.colour("mark");
				context.lineWidth = 2.5;
				context.setLineDash(trial.state === "done" ? [] : [6, 4]);
				context.beginPath();
				trace(context, trial);
				context.stroke();
			}
		}

		/* ---- Brushes ---------------------------------------------------------- */

		function passes(trial) {
			for (let k = 0; k < axes.length; k++) {
				const range = axes[k].range;
				if (range && !(at(trial, k) >= range[0] && at(trial, k) <= range[1]))
					return false;
			}
			return true;
		}
		function select() {
			const start = performance.now();
			model.filter("parallel", axes.some(axis => axis.range) ? passes : null, drawSelected);
			R.timing.brush = (R.timing.brush || []).concat(performance.now() - start).slice(-1000);
		}
		function setRange(axis, range) {
			axis.range = range;
			axis.node.attr("aria-valuetext", range ? "selected in part" : "all");
			select();
		}
		function moveByKey(axis, brush) {
			const event = d3.event, {top, bottom} = axis.extent, step = (bottom - top) / 20;
			const direction = {ArrowUp: -1, ArrowDown: 1}[event.key];
			if (event.key === "Escape" || event.key === "Delete")
				axis.node.call(brush.move, null);
			if (!direction)
				return;
			event.preventDefault();
			event.stopPropagation();
			let [low, high] = axis.range || (direction < 0 ? [top, (top + bottom) / 2] : [(top + bottom) / 2, bottom]);
			if (axis.range && event.shiftKey)
				high = Math.min(bottom, Math.max(low + step, high + direction * step));
			else if (axis.range) {
				const shift = Math.max(top - low, Math.min(bottom - high, direction * step));
				low += shift;
				high += shift;
			}
			axis.node.call(brush.move, [low, high]);
		}
		function addBrush(axis) {
			const extent = axis.extent;
			const brush = d3.brushY().extent([[-13, extent.top], [13, extent.bottom]]).on("start brush end", () => {
				if (d3.event.type === "start" && !axis.range && d3.event.selection &&
					d3.event.selection[0] === d3.event.selection[1])
					return;
				setRange(axis, d3.event.selection);
			});
			axis.node = plot.axes.append("g").attr("class", "live brush").attr("transform", `translate(${axis.x},0)`)
				.attr("tabindex", 0).attr("role", "slider").attr("aria-label", `select by ${axis.name}`)
				.attr("aria-valuetext", "all").attr("aria-valuenow", 0);
			axis.node.append("rect").attr("class", "focus-box").attr("x", -14).attr("width", 28).attr("y", extent.top)
				.attr("height", extent.bottom - extent.top);
			axis.node.call(brush).on("keydown", () => moveByKey(axis, brush));
			if (axis.share)
				axis.node.call(brush.move, axis.share.map(part => extent.top + part * (extent.bottom - extent.top)));
			axis.brush = brush;
		}
		model.onClear(() => axes.forEach(axis => axis.range && axis.node.call(axis.brush.move, null)));

		/* ---- Axes ------------------------------------------------------------- */

		function drawAxis(axis) {
			const group = plot.axes.append("g").attr("class", "parallel-axis").attr("transform", `translate(${axis.x},0)`);
			group.append("path").attr("class", "domain").attr("fill", "none").attr("d", `M0,${plot.top}V${plot.bottom}`);
			/* Beside the lines, and of the last axis beside the marks too. */
			const ticks = R.ticksOf(axis.scale, 6), side = axis.isObjective ? 1 : -1;
			const every = Math.ceil(ticks.length / ((plot.bottom - plot.top) / 13));
			ticks.forEach(({value, text}, i) => {
				const tick = group.append("g").attr("class", "tick").attr("transform", `translate(0,${axis.scale(value)})`);
				tick.append("line").attr("x1", side * (text ? 5 : 3));
				if (text && i % every === 0)
					tick.append("text").attr("x", side > 0 ? 22 : -8).attr("dy", "0.32em")
						.attr("text-anchor", side > 0 ? "start" : "end").text(R.shorten(text, axis.parameter && axis.x > plot.left ? 12 : 10));
			});
			if (axis.hasNone)
				group.append("text").attr("x", side > 0 ? 22 : -8).attr("y", axis.none).attr("dy", "0.32em")
					.attr("text-anchor", side > 0 ? "start" : "end").text(axis.isObjective ? "none" : "not set");
			const name = group.append("text").attr("class", "axis-name").attr("y", plot.top - 18)
				.attr("text-anchor", "middle").text(R.shorten(axis.name, Math.max(8, Math.floor(axis.room / 7.4))));
			name.append("title").text(axis.name);
			group.append("text").attr("y", plot.top - 5).attr("text-anchor", "middle").style("fill", "var(--soft)")
				.text(axis.isObjective ? (model.maximize ? "higher is better" : "lower is better")
					: axis.scale.isLog ? "log" : "");
		}
		function remember() {
			for (const axis of axes)
				axis.share = axis.range ? axis.range.map(y => (y - axis.extent.top) / (axis.extent.bottom - axis.extent.top))
					: null;
		}

		plot.start(() => {
			remember();
			plot.axes.selectAll("*").remove();
			const x = d3.scalePoint().domain(d3.range(axes.length)).range([plot.left, plot.right]);
			axes.forEach((axis, k) => {
				const range = [plot.bottom, plot.top];
				axis.x = x(k);
				axis.room = x.step();
				axis.none = plot.bottom + 22;
				axis.range = null;
				axis.extent = {top: plot.top - 4, bottom: axis.hasNone ? axis.none + 6 : plot.bottom + 4};
				if (axis.parameter)
					axis.scale = R.parameterScale(model, axis.parameter, range);
				else
					axis.scale = R.objectiveScale(model, model.maximize ? range : range.slice().reverse());
			});
			lines = new Float32Array(model.trials.length * axes.length);
			for (const trial of model.trials)
				axes.forEach((axis, k) => {
					const value = axis.get(trial), y = value === null ? undefined : axis.scale(value);
					/* Listed values are spread a little, or thousands would be one line. */
					const spread = axis.scale.isListed ? ((trial.number * 0.618034) % 1 - 0.5) *
						Math.min(18, 0.5 * axis.scale.step()) : 0;
					lines[trial.index * axes.length + k] = y === undefined ? axis.none : y + spread;
				});
			colours = model.trials.map(trial => model.colourOf(trial));
			const context = plot.layer(0);
			context.lineWidth = 1;
			const faint = R.colour("faint");
			drawLines(context, order, () => faint);
			axes.forEach(drawAxis);
			axes.forEach(addBrush);
			drawSelected();
			drawPointed();
		});

		function nearest(x, y) {
			if (x < plot.left - 5 || x > plot.right + 5 || y < plot.top - 6)
				return null;
			const k = Math.max(1, Math.min(axes.length - 1, Math.ceil((x - plot.left) / axes[0].room)));
			const part = (x - axes[k - 1].x) / (axes[k].x - axes[k - 1].x);
			let found = null, least = 9;
			for (const trial of model.trials) {
				if (!model.selected[trial.index])
					continue;
				const distance = Math.abs(at(trial, k - 1) * (1 - part) + at(trial, k) * part - y);
				if (distance <= least) {
					least = distance;
					found = trial;
				}
			}
			return found;
		}
		plot.watch(model, {nearest, order: () => model.trials.filter(trial => model.selected[trial.index]),
			place: trial => [axes[axes.length - 1].x, at(trial, axes.length - 1)],
			describe: trial => model.describe(trial), trial: trial => trial});
		model.on("select", drawSelected);
		model.on("hover", drawPointed);
		model.on("pin", drawPointed);
		controls.append(R.el("button", {type: "button", onclick: () => model.clear()}, "Clear selection"));
		body.append(R.el("div", {class: "legend"}, R.shadeLegend(model), R.stateLegend(model).slice(model.counts.done ? 1 : 0),
			R.el("span", {}, "Keys: Tab to an axis, ↑ ↓ move, Shift resizes, Esc clears")));
	},
});
