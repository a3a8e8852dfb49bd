/* SPDX-License-Identifier: MIT
 *
 * The best trials of a study with several seeds: what each run came to, what they come to together, and
 * its interval. Where intervals overlap, another seed may have another winner.
 */
R.panel({
	id: "contenders", title: "Contenders", kind: "study",
	question: "Is the best clearly better than the next, or was it luck with the seeds?",
	applies: model => model.ranked.some(trial => trial.jobs.filter(job => R.isNumber(job.objective)).length > 1),
	build(body, model) {
		const ROW = 26;
		const trials = model.ranked.slice(0, 12);
		const runsOf = trial => trial.jobs.filter(job => R.isNumber(job.objective));
		const plot = new R.Plot(body, {height: ROW * trials.length + 54, margin: {top: 10, left: 74, bottom: 40},
			label: `the best ${trials.length} trials with their intervals`});
		let items = [];

		function drawTrial(context, trial, x, y, colour) {
			context.strokeStyle = context.fillStyle = colour;
			if (R.isNumber(trial.low)) {
				context.lineWidth = 6;
				context.globalAlpha = 0.28;
				context.beginPath();
				context.moveTo(x(trial.low), y);
				context.lineTo(x(trial.high), y);
				context.stroke();
			}
			context.globalAlpha = 0.7;
			context.lineWidth = 1.2;
			for (const job of runsOf(trial)) {
				context.beginPath();
				context.arc(x(job.objective), y, 3, 0, 2 * Math.PI);
				context.stroke();
			}
			context.globalAlpha = 1;
			context.fillRect(x(trial.objective) - 1.5, y - 9, 3, 18);
		}
		function drawPointed() {
			const context = plot.layer(1);
			context.strokeStyle = R.colour("mark");
			context.lineWidth = 1.5;
			for (const trial of [model.pinned, model.hovered]) {
				const item = trial && items.find(one => one.trial === trial);
				if (item)
					context.strokeRect(plot.left, item.y - ROW / 2 + 1, plot.right - plot.left, ROW - 2);
			}
		}
		plot.start(() => {
			const values = trials.flatMap(trial => [trial.objective, trial.low, trial.high,
				...runsOf(trial).map(job => job.objective)]).filter(R.isNumber);
			const [low, high] = d3.extent(values), pad = (high - low) * 0.04;
			const x = R.numberScale(false, [low - pad, high + pad], [plot.left, plot.right]);
			plot.drawAxes(x, null, {xName: model.metric});
			const context = plot.layer(0), {best} = model;
			if (R.isNumber(best.low)) {
				/* What lies in the best trial's interval is not told apart from it. */
				context.fillStyle = R.colour("accent");
				context.globalAlpha = 0.08;
				context.fillRect(x(best.low), plot.top, x(best.high) - x(best.low), plot.bottom - plot.top);
			}
			items = trials.map((trial, i) => ({trial, x: x(trial.objective), y: plot.top + (i + 0.5) * ROW}));
			for (const {trial, y} of items) {
				drawTrial(context, trial, x, y, R.colour("accent"));
				plot.axes.append("text").attr("x", plot.left - 7).attr("y", y).attr("dy", "0.32em")
					.attr("text-anchor", "end").text(`trial ${trial.number}`);
			}
			drawPointed();
		});
		plot.watch(model, {order: () => items, place: item => [item.x, item.y], trial: item => item.trial,
			nearest: (x, y) => items.find(item => Math.abs(item.y - y) < ROW / 2) || null,
			describe: ({trial}) => model.describe(trial, [["runs", runsOf(trial).map(job => R.number(job.objective)).join(", ")]])});
		model.on("hover", drawPointed);
		model.on("pin", drawPointed);
		body.append(R.el("div", {class: "legend"}, R.el("span", {}, `circles: runs, one a seed · line: their ${model.study.aggregate}` +
			(R.isNumber(model.best.low) ? " · band: its 95 % interval; the tinted column is that of the best" : ""))));
	},
});
