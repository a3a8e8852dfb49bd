/* SPDX-License-Identifier: MIT
 *
 * Roofline: what the levels make of arithmetic and of memory, under the roofs that were measured with as many workers.
 */
R.intensity = ({flops, bytes}) => flops / bytes;
R.roofAt = (roof, intensity) => Math.min(roof.peak_gflops, intensity * roof.peak_gigabytes);

/* Its axes have no 0. */
R.hasRoof = ({level: {roofline}}) => roofline && Object.values(roofline).every(value => value > 0);

/* Roofs that are drawn: all, or with many levels the first, the last, and powers of two between. */
R.roofsOf = points => {
	const isPower = n => (n & (n - 1)) === 0;
	return points.filter(({level}, i) => points.length <= 10 || i === 0 || i === points.length - 1 ||
		isPower(level.workers));
};

R.panel({
	id: "scaling-roofline", title: "Roofline", kind: "scaling",
	width: model => (model.points.some(({level}) => level.predicted) ? 6 : 12), /* what is predicted stands beside it */
	question: "Is it arithmetic or memory that could not be faster?",
	applies: model => model.points.some(R.hasRoof),
	build(body, model) {
		const describe = ({trial}) => {
			const {roofline} = trial.level, intensity = R.intensity(roofline), number = R.digits(4);
			return {...R.describeLevel(model, trial),
				pairs: [["arithmetic", `${number(roofline.gflops)} of ${number(roofline.peak_gflops)} GFLOP/s`],
				["memory", `${number(roofline.gigabytes)} of ${number(roofline.peak_gigabytes)} GB/s`],
					["operations a byte", number(intensity)],
				["of its roof", R.percent(roofline.gflops / R.roofAt(roofline, intensity))]]};
		};
		R.scalingPlot(body, model, {id: "roofline", height: 330, label: "roofline, by workers", describe,
			draw(plot, over) {
			const shown = model.shown(), points = shown.flatMap(series => series.points.filter(R.hasRoof));
			if (!points.length)
				return [];
			const roofs = points.map(({level}) => level.roofline);
			const ridges = roofs.map(({peak_gflops: flops, peak_gigabytes: bytes}) => flops / bytes);
			const xs = d3.extent([...roofs.map(R.intensity), ...ridges].filter(R.isNumber));
			const ys = d3.extent(roofs.flatMap(roof => [roof.gflops, roof.peak_gflops]));
			const x = R.numberScale(true, [xs[0] / 3, xs[1] * 4], [plot.left, plot.right]);
			const y = R.numberScale(true, [ys[0] / 3, ys[1] * 1.8], [plot.bottom, plot.top]);
			Object.assign(plot, {x, y});
			plot.drawAxes(x, y, {xName: "operations a byte", yName: "GFLOP/s"});
			const group = R.under(plot), [from, to] = x.domain(), labels = [];
			for (const series of shown)
				for (const {level} of R.roofsOf(series.points.filter(R.hasRoof))) {
					const {peak_gflops: peak, peak_gigabytes: bytes} = level.roofline;
					const ridge = Math.min(Math.max(peak / bytes, from), to);
					group.append("path").attr("class", "roof").attr("data-workers", level.workers)
						.attr("data-series", series.index)
						.style("--colour", R.seriesVariable(series.index))
						.attr("d", `M${x(from)},${y(from * bytes)}L${x(ridge)},${y(Math.min(peak, ridge * bytes))}` +
							`L${x(to)},${y(Math.min(peak, to * bytes))}`);
					labels.push({text: String(level.workers), y: y(peak)});
				}
			let last = Infinity;
			for (const {text, y: at} of labels.sort((a, b) => b.y - a.y))
				if (last - at >= 12) {
					over.append("text").attr("class", "roof-label").attr("x", plot.right - 2).attr("y", at - 3)
						.attr("text-anchor", "end").text(text);
					last = at;
				}
			const items = [], texts = [];
			for (const series of shown) {
				const own = plot.clipped(over).attr("class", "series").attr("data-series", series.index)
					.style("--colour", R.seriesVariable(series.index));
				const mine = series.points.filter(R.hasRoof)
					.map(point => ({trial: point, x: x(R.intensity(point.level.roofline)),
					y: y(point.level.roofline.gflops)}));
				own.append("path").attr("class", "join").attr("d", d3.line().x(item => item.x).y(item => item.y)(mine));
				for (const item of mine) {
					const {workers, roofline} = item.trial.level;
					own.append("path").attr("class", "mark" + (mine.length > 40 ? " small" : ""))
						.attr("data-workers", workers).attr("data-value", roofline.gflops)
						.attr("transform", `translate(${item.x},${item.y})`)
							.attr("d", R.seriesSymbol(series.index, mine.length > 40 ? 16 : 50));
					if (texts.every(other => Math.abs(other.x - item.x) > 22 || Math.abs(other.y - item.y) >= 12)) {
						own.append("text").attr("x", item.x + 8).attr("y", item.y + 4).text(workers);
						texts.push(item);
					}
				}
				items.push(...mine);
			}
			return items;
		}});
		R.seriesLegend(body, model, ["lines: roofs, with as many workers as stand at their right",
			"numbers at marks: workers",
			"zeros that were skipped count as operations, so a mark may be above its roof"]);
	},
});
