/* SPDX-License-Identifier: MIT
 *
 * Time to a loss: larger mini-batches have more throughput and need more epochs; only both together say what is soonest.
 */
/* Of a run that was ended where the best before it was there nobody knows how far it would have come. */
R.lossOutcome = run => (run.reached ? run.best ? "reached, the best" : "reached" : run.diverged ? "diverged"
	: run.beaten ? "beaten" : "not reached");
R.lossShape = run => (run.diverged ? "diverged" : run.reached ? "done" : run.beaten ? "pruned" : "failed");

R.lossTable = runs => {
	const columns = [["mini-batch", run => run.batch], ["slices", run => run.slices],
		["learning rate", run => R.number(run.learning_rate)],
		["outcome", R.lossOutcome],
		["steps", run => run.steps.toLocaleString("en")], ["epochs", run => R.digits(4)(run.epochs)],
			["loss", run => R.number(run.loss)],
		["fingerprint", run => (run.fingerprint ? R.code(run.fingerprint.slice(0, 16)) : "–")]];
	return R.el("div", {class: "table"}, R.el("table", {}, R.el("thead", {},
		R.el("tr", {}, columns.map(([name]) => R.el("th", {scope: "col"}, name)))),
		R.el("tbody", {}, runs.map(run => R.el("tr", {}, columns.map(([, get]) => R.el("td", {}, get(run))))))));
};

R.soonest = (model, {seconds}) => {
	const first = seconds[d3.scan(seconds, (a, b) => a.seconds - b.seconds)];
	if (!first)
		return "No mini-batch with a level here reached it.";
	return `Soonest: mini-batches of ${R.count(first.batch, "row")} with ${R.workers(first.workers)}, ` +
		R.seconds(first.seconds) + (model.hasSeveral ? ` (${model.series[first.series].name}).` : ".");
};

R.lossStepsPlot = (host, model, {runs}) => {
	const describe = ({run}) => ({title: `mini-batch of ${R.count(run.batch, "row")}`,
		pairs: [["learning rate", R.number(run.learning_rate)],
		["steps", run.steps.toLocaleString("en")], ["epochs", R.digits(4)(run.epochs)], ["loss", R.number(run.loss)]],
	more: run.reached ? run.best ? "the best of this mini-batch" : null : run.diverged ? "diverged"
		: run.beaten ? "beaten: ended after as many steps as the best needed" : "did not reach the loss"});
	R.scalingPlot(host, model, {id: "loss-steps", height: 290, label: "steps to the loss by mini-batch", describe,
		draw(plot, over) {
		const extent = (get, pad) => d3.extent(runs, get).map(v => Math.max(v, 1))
			.map((v, i) => (i ? v * pad : v / pad));
		const x = R.numberScale(true, extent(run => run.batch, 1.5), [plot.left, plot.right]);
		const y = R.numberScale(true, extent(run => run.steps, 1.5), [plot.bottom, plot.top]);
		Object.assign(plot, {x, y});
		x.ticksOf = () => [...new Set(runs.map(({batch}) => batch))].sort(d3.ascending)
			.filter((_, i, all) => i % Math.ceil(all.length / 8) === 0)
			.map(value => ({value, text: String(value)}));
		plot.drawAxes(x, y, {xName: "rows of a mini-batch", yName: "steps to the loss"});
		const best = runs.filter(run => run.best).sort((a, b) => a.batch - b.batch);
		const group = over.append("g").attr("class", "series").style("--colour", "var(--accent)");
		if (best.length)
			/* Half the steps with twice the rows: as far as this holds, larger mini-batches cost nothing. */
			R.under(plot).append("path").attr("class", "ideal").attr("d", d3.line()(x.domain().map(batch => [x(batch),
				y(best[0].steps * best[0].batch / batch)])));
		group.append("path").attr("class", "join").attr("d", d3.line().x(run => x(run.batch))
			.y(run => y(run.steps))(best));
		return runs.map(run => {
			const item = {trial: null, run, x: x(run.batch), y: y(Math.max(run.steps, 1))};
			const path = d3.path();
			R.outline(path, R.lossShape(run), item.x, item.y, run.best ? 5 : 3.6);
			group.append("path").attr("class", `mark ${run.best ? "" : "vague"}`).attr("data-value", run.steps)
				.attr("data-batch", run.batch).attr("data-outcome", R.lossOutcome(run))
				.style("stroke", run.diverged ? "var(--diverged)" : null).attr("d", path.toString());
			return item;
		});
	}});
	const has = outcome => runs.some(run => R.lossOutcome(run) === outcome);
	host.append(R.el("div", {class: "legend"}, ["filled: the best learning rate of a mini-batch", "hollow: others",
		has("beaten") && "diamond: beaten, ended after as many steps as the best needed",
		has("not reached") && "square: not reached", has("diverged") && "cross: diverged",
		"dotted: half the steps with twice the rows"].filter(Boolean).map(note => R.el("span", {}, note))));
};

R.lossSecondsPlot = (host, model, {seconds}) => {
	const describe = ({own}) => ({title: `${R.workers(own.workers)}, mini-batch of ${R.count(own.batch, "row")}`,
		pairs: [["seconds", R.number(own.seconds)],
		["that is", R.seconds(own.seconds)], ...(model.hasSeveral ? [["series", model.series[own.series].name]] : [])]});
	R.scalingPlot(host, model, {id: "loss-seconds", height: 290, label: "seconds to the loss by workers", describe,
		draw(plot, over) {
		const shown = seconds.filter(own => model.series[own.series].isShown);
		if (!shown.length)
			return [];
		const x = R.workersScale({isLog: true}, d3.extent(shown, own => own.workers), [plot.left, plot.right]);
		const [low, high] = d3.extent(shown, own => own.seconds);
		const y = R.numberScale(true, [low / 1.2, high * 1.2], [plot.bottom, plot.top]);
		Object.assign(plot, {x, y});
		plot.drawAxes(x, y, {xName: "workers", yName: "seconds to the loss"});
		const groups = d3.nest().key(own => `${own.series} ${own.batch}`).entries(shown);
		return groups.flatMap(({values}) => {
			const {series} = values[0], sorted = values.slice().sort((a, b) => a.workers - b.workers);
			const group = over.append("g").attr("class", "series").attr("data-series", series)
				.style("--colour", R.seriesVariable(series));
			const mine = sorted.map(own => ({trial: null, own, x: x(own.workers), y: y(own.seconds)}));
			group.append("path").attr("class", "join").attr("d", d3.line().x(item => item.x).y(item => item.y)(mine));
			for (const item of mine)
				group.append("path").attr("class", "mark").attr("data-value", item.own.seconds)
					.attr("data-workers", item.own.workers)
					.attr("transform", `translate(${item.x},${item.y})`).attr("d", R.seriesSymbol(series, 44));
			return mine;
		});
	}});
	R.seriesLegend(host, model);
};

R.panel({
	id: "scaling-loss", title: "Time to a loss", kind: "scaling", isLong: true,
	question: "Which mini-batch and how many workers are done soonest, and not only busiest?",
	applies: model => Boolean(model.document.time_to_loss),
	build(body, model) {
		const result = model.document.time_to_loss, left = R.el("div"), right = R.el("div");
		body.append(R.el("p", {class: "limit"}, R.soonest(model, result),
			` The loss is ${R.number(result.target)}, over the ${result.part} data.`));
		body.append(R.el("div", {class: "two-plots"}, left, right));
		if (result.runs.length)
			R.lossStepsPlot(left, model, result);
		if (result.seconds.length)
			R.lossSecondsPlot(right, model, result);
		body.append(R.el("details", {}, R.el("summary", {}, R.count(result.runs.length, "run")),
			R.lossTable(result.runs)));
	},
});
