/* SPDX-License-Identifier: MIT
 *
 * A chart over the number of workers: a mark and a whisker a level, raw points on a canvas below them, curves with
 * their bands. Lines and marks are SVG with the numbers that they stand for, so that what is drawn can be checked.
 */

/* Levels get a tick where there is room; powers of two on a logarithmic scale. */
R.workersScale = (model, [low, high], range) => {
	const scale = model.isLog ? d3.scaleLog().domain([low / 1.12, high * 1.12])
		: d3.scaleLinear().domain([low - 0.04 * (high - low) - 0.3, high + 0.04 * (high - low) + 0.3]);
	scale.range(range).isLog = model.isLog;
	scale.ticksOf = count => {
		if (!model.isLog)
			return d3.scaleLinear().domain([low, high]).ticks(count).filter(n => Number.isInteger(n) && n >= 1)
				.map(value => ({value, text: String(value)}));
		const powers = d3.range(0, 31).map(i => 2 ** i).filter(n => n >= low / 1.12 && n <= high * 1.12);
		const every = Math.max(1, Math.ceil(powers.length / Math.max(2, count)));
		return powers.map((value, i) => ({value, text: i % every === 0 ? String(value) : ""}));
	};
	return scale;
};

/* Least distance between levels in pixels, for marks that do not overlap. */
R.levelRoom = (points, x) => {
	const places = [...new Set(points.map(({level}) => level.workers))].sort(d3.ascending).map(x);
	return d3.min(d3.pairs(places), ([a, b]) => b - a) || 60;
};

R.clipId = 0;

/* One chart that is drawn again when series are switched, with a group below the canvases and one above, and the
 * items that the pointer finds. `draw` returns those items, {trial, x, y}. */
R.scalingPlot = (body, model, {id, height, margin, label, draw, describe = item => R.describeLevel(model, item.trial),
	reach = 26, ring = 8}) => {
	const plot = new R.Plot(body, {height, margin: {top: 26, left: 60, ...margin}, label, layers: 2});
	const clip = `clip-${R.clipId++}`;
	const box = plot.svg.append("clipPath").attr("id", clip).append("rect");
	const over = plot.svg.append("g");
	let items = [], nearest = () => null;
	const drawPointed = () => {
		const context = plot.layer(1);
		context.strokeStyle = R.colour("mark");
		context.lineWidth = 2;
		for (const {x, y} of items.filter(({trial}) => trial && (trial === model.pinned || trial === model.hovered))) {
			context.beginPath();
			context.arc(x, y, ring, 0, 2 * Math.PI);
			context.stroke();
		}
	};
	plot.node.dataset.chart = id;
	plot.clipped = group => group.append("g").attr("clip-path", `url(#${clip})`);
	(model.charts = model.charts || {})[id] = plot;
	plot.start(() => {
		box.attr("x", plot.left).attr("y", plot.top).attr("width", plot.right - plot.left)
			.attr("height", plot.bottom - plot.top);
		over.selectAll("*").remove();
		plot.layer(0);
		items = draw(plot, over);
		nearest = R.nearestPoint(items, reach);
		drawPointed();
	});
	plot.watch(model, {nearest: (x, y) => nearest(x, y), order: () => items, place: item => [item.x, item.y],
		describe, trial: item => item.trial});
	model.on("show", () => plot.layout());
	model.on("hover", drawPointed);
	model.on("pin", drawPointed);
	return plot;
};

/* Below the canvases; to be asked for after the axes were drawn. */
R.under = plot => plot.clipped(plot.grid);

/* ---- Parts of such charts ------------------------------------------------------------ */

/* Curves of the shown series; `convert(series, x)` makes a throughput the chart's figure for `n` workers. */
R.drawCurves = (plot, model, x, y, convert) => {
	const group = R.under(plot), floor = y.isLog ? y.domain()[0] / 10 : -Infinity; /* a band may end at 0 */
	const inside = point => plot.isInside(point.workers);
	for (const series of model.shown()) {
		const last = series.last.level.workers;
		for (const curve of series.curves.filter(({model: name}) => model.models.has(name))) {
			const points = curve.points.filter(inside);
			const at = (point, member) => y(Math.max(floor, convert(series, point[member], point.workers)));
			const line = d3.line().x(point => x(point.workers)).y(point => at(point, "value"));
			const isUsl = curve.model === "usl";
			const mark = path => path.attr("data-series", series.index).attr("data-model", curve.model)
				.style("--colour", R.seriesVariable(series.index));
			if (isUsl)
				mark(group.append("path").attr("class", "band")).attr("d", d3.area().x(point => x(point.workers))
					.defined(point => R.isNumber(point.low) && R.isNumber(point.high))
					.y0(point => at(point, "low")).y1(point => at(point, "high"))(points));
			mark(group.append("path").attr("class", "curve" + (isUsl ? "" : " thin")))
				.attr("d", line(points.filter(({workers}) => workers <= last)));
			if (model.isFar)
				mark(group.append("path").attr("class", "curve beyond" + (isUsl ? "" : " thin")))
					.attr("d", line(points.filter(({workers}) => workers >= last)));
			if (model.shown().length === 1 && points.length) {
				const end = points[points.length - 1];
				plot.endLabels.push({text: R.Scaling.modelName(curve.model), x: x(end.workers), y: at(end, "value")});
			}
		}
	}
};

/* Names of lines at their ends, moved apart. */
R.drawEndLabels = (plot, over) => {
	const labels = plot.endLabels.filter(({y}) => y > plot.top - 4 && y < plot.bottom).sort((a, b) => a.y - b.y);
	labels.forEach((label, i) => {
		if (i > 0)
			label.y = Math.max(label.y, labels[i - 1].y + 13);
		over.append("text").attr("class", "end-label").attr("x", Math.min(label.x, plot.right) - 3).attr("y", label.y - 4)
			.attr("text-anchor", "end").text(label.text);
	});
};

/* Series side by side at each level, at most `width` pixels apart: {lane, shift(series)}. */
R.lanesOf = (model, x, width, part = 0.5) => {
	const shown = model.shown(), n = Math.max(1, shown.length);
	const lane = Math.min(width * n, part * R.levelRoom(model.points, x)) / n;
	return {lane, shift: series => (shown.indexOf(series) - (n - 1) / 2) * lane};
};

/* What has a place in a chart of `factor` times the figures: sums and products with it are numbers as well. */
R.hasPlace = (value, factor = 1) => R.isNumber(value) && Math.abs(factor * value) < 1e300;

/* A mark a level with its whisker, if it has an interval. Returns items. */
R.drawLevels = (plot, over, model, x, y, get, {joins, shift = R.lanesOf(model, x, 9).shift, factor = 1} = {}) => {
	const group = plot.clipped(over), items = [];
	const room = R.levelRoom(model.points, x);
	const size = room < 6 ? 14 : room < 16 ? 30 : 62, cap = Math.min(4, Math.max(0, room / 4));
	for (const series of model.shown()) {
		const own = group.append("g").attr("class", "series").attr("data-series", series.index)
			.attr("data-shift", shift(series)).style("--colour", R.seriesVariable(series.index));
		const points = series.points.filter(({level}) => get(level) && R.hasPlace(get(level).value, factor));
		const placeX = ({level}) => x(level.workers) + shift(series);
		const placeY = ({level}) => y(factor * get(level).value);
		if (joins || !series.curves.length)
			own.append("path").attr("class", "join").attr("d", d3.line().x(placeX).y(placeY)(points));
		for (const point of points) {
			const {value, low, high} = get(point.level), atX = placeX(point), atY = placeY(point);
			if (R.hasPlace(low, factor) && R.hasPlace(high, factor) && low !== high)
				own.append("path").attr("class", "whisker").attr("data-workers", point.level.workers)
					.attr("d", `M${atX - cap},${y(factor * low)}h${2 * cap}M${atX},${y(factor * low)}V${y(factor * high)}` +
						`M${atX - cap},${y(factor * high)}h${2 * cap}`);
			own.append("path").attr("class", "mark" + (point.level.precise ? "" : " vague") + (size < 20 ? " small" : ""))
				.attr("data-workers", point.level.workers)
				.attr("data-value", value).attr("transform", `translate(${atX},${atY})`)
					.attr("d", R.seriesSymbol(series.index, size));
			items.push({trial: point, x: atX, y: atY});
		}
	}
	return items;
};

/* Extent of figures with their intervals, over the shown series. */
R.levelExtent = (model, get, factor = 1) => {
	const values = model.shown().flatMap(({points}) => points.map(({level}) => get(level)).filter(Boolean)
		.flatMap(({value, low, high}) => [value, low, high])).filter(value => R.hasPlace(value, factor))
		.map(value => factor * value);
	return values.length ? d3.extent(values) : [1, 2];
};

R.highestWorkers = model => d3.max(model.shown(), ({last}) => last.level.workers) || model.extent[1];

/* The axis of workers of a chart, up to twice the largest level where curves go on. */
R.workersAxis = (plot, model, isFar) => {
	const high = R.highestWorkers(model) * (isFar && model.isFar ? 2 : 1);
	const x = R.workersScale(model, [model.extent[0], high], [plot.left, plot.right]);
	plot.isInside = n => n <= high;
	plot.endLabels = [];
	plot.x = x;
	return x;
};

/* Where there is one number of workers to see, the series stand side by side: their places are shifts from its own. */
R.seriesAxis = (plot, model, workers) => {
	const middle = (plot.left + plot.right) / 2, x = () => middle;
	x.axis = d3.scalePoint().domain(model.shown().map(({index}) => index)).range([plot.left, plot.right]).padding(0.6);
	x.axis.ticksOf = () => model.shown().map(({index}) =>
		({value: index, text: String(model.hasSeveral ? index + 1 : workers)}));
	x.shift = ({index}) => x.axis(index) - middle;
	return x;
};

R.intervalsNote = model => {
	const without = model.points.filter(({level}) => !R.isNumber(level.step.low));
	if (!without.length)
		return null;
	const n = d3.max(without, ({level}) => level.seconds.length);
	const which = without.length === model.points.length ? "No level has" : `${R.count(without.length, "level")} without`;
	return R.el("p", {class: "note no-interval"}, `${which} a 95 % interval: ${R.count(n, "block")} ` +
		`${n === 1 ? "is" : "are"} too few, 6 are needed. There are no whiskers then.`);
};

R.levelNotes = model => [model.points.some(({level}) => R.isNumber(level.step.low))
	? "mark: median, whisker: its 95 % interval" : "mark: median",
	model.points.some(({level}) => !level.precise) ? "hollow: not as precise as was asked for" : null];
