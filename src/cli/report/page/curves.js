/* SPDX-License-Identifier: MIT
 *
 * Learning curves: a metric by epoch, a line a job. What did not train to its end is dashed, and has its
 * state's mark where it stopped.
 */
R.panel({
	id: "curves", title: "Learning curves", kind: "study",
	question: "Are the good trials done learning, and was the right one pruned?",
	applies: model => model.trials.some(trial => trial.jobs.some(job => job.at.length > 0)),
	build(body, model, controls) {
		const {metrics} = model.study;
		const jobs = model.trials.flatMap(trial => trial.jobs.map((job, run) => ({trial, job, run})))
			.filter(({job}) => job.at.length > 0);
		const known = metrics.map((name, i) => ({name, i}))
			.filter(({i}) => jobs.some(({job}) => job.curves[i].some(R.isNumber)));
		const preferred = known.find(({name}) => name === model.metric) || known[0];
		if (!preferred) {
			body.append(R.el("p", {class: "note"}, "No metric was reported by epoch."));
			return;
		}
		const choice = R.el("select", {onchange: () => { log.checked = wantsLog(); plot.layout(); }},
			known.map(({name, i}) => R.el("option", {value: i, selected: name === preferred.name}, name)));
		const log = R.el("input", {type: "checkbox", onchange: () => plot.layout()});
		const only = R.el("input", {type: "checkbox", onchange: () => draw()});
		R.append(controls, [R.el("label", {}, "Metric", choice), R.el("label", {}, log, "logarithmic"),
			R.el("label", {}, only, "best 10 only")]);
		const plot = new R.Plot(body, {height: 340, margin: {top: 22, left: 62, right: 20}, label: "learning curves", layers: 3});
		let lines = [];

		const valuesOf = () => jobs.flatMap(({job}) => job.curves[+choice.value].filter(R.isNumber));
		const wantsLog = () => R.wantsLog(valuesOf());
		log.checked = wantsLog();

		const isWhole = ({trial}) => trial.state === "done";
		function trace(context, {points}) {
			let isOpen = false;
			for (const [x, y] of points) {
				if (Number.isNaN(y))
					isOpen = false;
				else if (isOpen)
					context.lineTo(x, y);
				else
					context.moveTo(x, y);
				isOpen = isOpen || !Number.isNaN(y);
			}
		}
		function drawGroup(context, group, colourOf) {
			for (const isDashed of [true, false]) {
				context.setLineDash(isDashed ? [5, 3] : []);
				for (const line of group) {
					if (isWhole(line) === isDashed)
						continue;
					context.strokeStyle = colourOf(line);
					context.beginPath();
					trace(context, line);
					context.stroke();
				}
			}
			context.setLineDash([]);
		}
		const isShown = line => model.selected[line.trial.index] && (!only.checked || line.trial.rank <= 10);

		function draw() {
			const context = plot.layer(0), shown = lines.filter(isShown);
			plot.clip(context, 6);
			context.lineWidth = 1;
			if (shown.length < lines.length) {
				const faint = R.colour("faint");
				drawGroup(context, lines.filter(line => !isShown(line)), () => faint);
			}
			context.globalAlpha = shown.length > 300 ? 0.5 : shown.length > 60 ? 0.75 : 1;
			context.lineWidth = shown.length > 300 ? 1 : 1.5;
			drawGroup(context, shown, line => line.colour);
			context.globalAlpha = 1;
			R.drawMarks(context, shown.filter(line => !isWhole(line) && line.end).map(line => ({state: line.trial.state,
				x: line.end[0], y: line.end[1], colour: R.colour(line.trial.state)})), shown.length > 300 ? 2.2 : 3);
			context.restore();
		}
		function drawPointed() {
			const context = plot.layer(2);
			plot.clip(context, 6);
			for (const trial of [model.pinned, model.hovered])
				for (const line of trial ? lines.filter(one => one.trial === trial) : []) {
					context.strokeStyle = R.colour("mark");
					context.lineWidth = 2.5;
					context.setLineDash(isWhole(line) ? [] : [6, 4]);
					context.beginPath();
					trace(context, line);
					context.stroke();
				}
			context.restore();
		}

		plot.start(() => {
			const metric = +choice.value, values = valuesOf();
			/* Which way is up is known of the metric alone; of others nothing is cut off below. */
			const isUp = metrics[metric] === model.metric && model.maximize, isLog = log.checked && d3.min(values) > 0;
			const domain = R.usefulExtent(values, isUp, isLog);
			const x = R.wholeScale([Math.min(1, d3.min(jobs, ({job}) => job.at[0])),
				d3.max(jobs, ({job}) => job.at[job.at.length - 1])], [plot.left, plot.right]);
			const y = R.numberScale(isLog, domain, [plot.bottom, plot.top]);
			plot.drawAxes(x, y, {xName: "epoch", yName: metrics[metric]});
			lines = jobs.map(({trial, job, run}) => {
				const points = job.at.map((epoch, i) => [x(epoch), R.isNumber(job.curves[metric][i])
					? Math.max(plot.top - 4, Math.min(plot.bottom + 4, y(job.curves[metric][i]))) : NaN]);
				const seen = points.filter(([, atY]) => !Number.isNaN(atY));
				return {trial, job, run, points, end: seen[seen.length - 1], colour: model.colourOf(trial)};
			}).sort((a, b) => (a.trial.goodness || 0) - (b.trial.goodness || 0));
			draw();
			plot.layer(1);
			drawPointed();
		});

		function nearest(x, y) {
			let found = null, least = 20;
			for (const line of lines) {
				if (!isShown(line))
					continue;
				const {points} = line;
				for (let i = 0; i < points.length; i++) {
					const [px, py] = points[i], next = points[i + 1];
					let distance;
					if (next && x >= px && x <= next[0] && !Number.isNaN(next[1]))
						distance = Math.abs(py + (next[1] - py) * (x - px) / (next[0] - px || 1) - y);
					else
						distance = Math.hypot(px - x, py - y);
					if (distance < least) {
						least = distance;
						found = {...line, i: next && x - px > next[0] - x ? i + 1 : i};
					}
				}
			}
			return found;
		}
		plot.watch(model, {nearest, trial: item => item.trial,
			order: () => lines.filter(isShown).slice().reverse(),
			place: item => item.end || [plot.left, plot.top],
			describe(item) {
				const i = item.i === undefined ? item.job.at.length - 1 : item.i;
				const extra = [[`${metrics[+choice.value]}, epoch ${item.job.at[i]}`,
					R.number(item.job.curves[+choice.value][i])]];
				if (item.trial.jobs.length > 1)
					extra.push(["seed", item.job.seed]);
				return model.describe(item.trial, extra);
			}});
		model.on("select", draw);
		model.on("hover", drawPointed);
		model.on("pin", drawPointed);
		body.append(R.el("div", {class: "legend"}, R.shadeLegend(model),
			R.stateLegend(model).slice(model.counts.done ? 1 : 0), R.el("span", {}, "dashed: not trained to the end")));
	},
});
