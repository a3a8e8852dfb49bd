/* SPDX-License-Identifier: MIT
 *
 * All measurements in the order in which they were taken, each against its level's median.
 */
R.panel({
	id: "scaling-blocks", title: "Order of the blocks", kind: "scaling",
	question: "Did the machine drift while it was measured? Then no interval holds.",
	applies: model => model.document.study.blocks > 1,
	build(body, model) {
		const describe = ({trial, block, value}) => R.describeLevel(model, trial, [["block", block + 1],
			["measured", `${R.span(trial.level.seconds[block])}, ${value > 0 ? "+" : ""}${(100 * value).toFixed(1)} %`]]);
		R.scalingPlot(body, model, {id: "blocks", height: 280, label: "all measurements in the order of the blocks",
			describe, reach: 14, ring: 4, draw(plot, over) {
			const shown = model.shown(), points = shown.flatMap(one => one.points);
			const n = d3.max(model.points, ({level}) => level.seconds.length);
			const x = R.wholeScale([1 - 0.5, n + 0.5], [plot.left, plot.right]);
			const all = points.flatMap(point => point.level.seconds.map((seconds, block) =>
				({trial: point, block, value: seconds / point.level.step.value - 1})));
			const [low, high] = R.usefulExtent(all.map(({value}) => value), false, false);
			const y = R.numberScale(false, [100 * Math.min(low, -0.01), 100 * Math.max(high, 0.01)],
				[plot.bottom, plot.top]).clamp(true);
			Object.assign(plot, {x, y});
			plot.drawAxes(x, y, {xName: "block", yName: "% off the level's median"});
			R.under(plot).append("path").attr("class", "zero").attr("d", `M${plot.left},${y(0)}H${plot.right}`);
			const width = Math.min(26, 0.7 * (plot.right - plot.left) / n);
			const context = plot.layer(0);
			context.globalAlpha = all.length > 3000 ? 0.35 : 0.75;
			points.forEach((point, i) => { point.lane = points.length > 1 ? (i / (points.length - 1) - 0.5) * width
				: 0; });
			for (const item of all) {
				item.x = x(item.block + 1) + item.trial.lane;
				item.y = y(100 * item.value);
			}
			for (const series of shown) {
				context.fillStyle = R.seriesColour(series.index);
				context.beginPath();
				for (const item of all.filter(({trial}) => trial.series === series)) {
					context.moveTo(item.x + 2, item.y);
					context.arc(item.x, item.y, all.length > 3000 ? 1.2 : 2, 0, 2 * Math.PI);
				}
				context.fill();
			}
			context.globalAlpha = 1;
			const medians = d3.range(n).map(block => [block, d3.median(all.filter(item => item.block === block),
				({value}) => value)])
				.filter(([, value]) => value !== undefined);
			plot.clipped(over).append("path").attr("class", "drift").attr("d", d3.line().x(([block]) => x(block + 1))
				.y(([, value]) => y(100 * value))(medians));
			return all;
		}});
		R.seriesLegend(body, model, ["dot: one run of a level, from few workers to many within a block",
			"line: the median of each block"]);
	},
});
