/* SPDX-License-Identifier: MIT
 *
 * A scaling study as the panels see it: series with the levels that were measured, which series are shown, how the
 * workers' axis is drawn, and which level is under the pointer or pinned. Panels listen. All figures are the
 * document's: nothing is computed here that lockstep scale has computed.
 */
R.SERIES_COLOURS = 8;
R.SERIES_SHAPES = [d3.symbolCircle, d3.symbolSquare, d3.symbolTriangle, d3.symbolDiamond, d3.symbolCross, d3.symbolStar,
	d3.symbolWye, d3.symbolCircle];

/* Is it the same run as one of an earlier series, and was measured there? Older documents do not say. */
R.isShared = (series, level) => level.measured_in < series.index;

/* Of the same runs throughout: the charts have one on the other. */
R.hasSameRuns = (a, b) => a.points.length === b.points.length && a.points.every(({level}, i) => {
	const {level: other} = b.points[i];
	return level.workers === other.workers && level.measured_in !== undefined && level.measured_in === other.measured_in;
});

R.Scaling = class {
	constructor(study) {
		this.document = study;
		this.isWeak = study.study.type === "weak";
		this.name = study.name || "Scaling study";
		this.series = study.series.map((one, index) => this.read(one, index));
		this.nameSeries();
		for (const one of this.series)
			one.original = this.series.find(other => other === one || R.hasSameRuns(other, one));
		this.points = this.series.flatMap(({points}) => points);
		const workers = this.points.map(({level}) => level.workers);
		this.extent = d3.extent(workers);
		this.hasLevels = this.extent[0] < this.extent[1]; /* to compare */
		this.isLog = this.extent[1] / this.extent[0] >= 16;
		this.isFar = this.series.some(({curves}) => curves.length);
		this.models = new Set(["usl", ...(this.series.length < 3 ? ["amdahl", "gustafson"] : [])]);
		this.hovered = this.pinned = null;
		this.listeners = {show: [], hover: [], pin: []};
	}

	/* Levels become points, {series, level, trial}; `trial` is the point itself, for what charts have in common. */
	read(one, index) {
		const series = {...one, index, isShown: true};
		series.points = one.levels.filter(({excluded}) => excluded === null).map(level => ({series, level}));
		for (const point of series.points)
			point.trial = point;
		series.excluded = one.levels.filter(({excluded}) => excluded !== null);
		series.base = series.points.find(({level}) => level.workers === one.baseline);
		series.fastest = series.points[d3.scan(series.points, (a, b) =>
			b.level.speedup.value - a.level.speedup.value)];
		series.last = series.points[series.points.length - 1];
		return series;
	}

	/* By what they differ in. */
	nameSeries() {
		const parts = [["bind", one => (one.bind === null ? "not bound" : one.bind)], ["engine", one => one.engine],
			["split", one => `split by ${one.split}`], ["batch", one => `batch ${one.batch}`],
				["slices", one => R.count(one.slices, "slice")]];
		const differing = parts.filter(([member]) => this.series.some(one => one[member] !== this.series[0][member]));
		for (const one of this.series) {
			one.setting = parts.map(([, get]) => get(one)).join(", ");
			one.name = differing.length ? differing.map(([, get]) => get(one)).join(", ") : one.setting;
		}
		this.hasSeveral = this.series.length > 1;
		/* Switches of many series have no room for names. */
		this.isCompact = d3.sum(this.series, one => one.name.length + 6) > 75;
	}

	shown() { return this.series.filter(({isShown}) => isShown); }
	on(event, listener) { this.listeners[event].push(listener); }
	tell(event) { this.listeners[event].forEach(listener => listener()); }

	hover(point) {
		if (point === this.hovered)
			return;
		this.hovered = point;
		this.tell("hover");
	}
	pin(point) {
		this.pinned = point === this.pinned ? null : point;
		this.tell("pin");
	}

	/* Of a curve, by the words of those who made it. */
	static modelName(model) { return {amdahl: "Amdahl", gustafson: "Gustafson", usl: "USL"}[model]; }
};

/* ---- Words ------------------------------------------------------------------------ */

/* A number and its unit stay in one line. */
R.keep = text => text.replace(/ /g, "\u00a0");
R.span = s => {
	if (!R.isNumber(s))
		return "–";
	return R.keep(s < 1e-3 ? `${Number((s * 1e6).toPrecision(4))} µs`
		: s < 1 ? `${Number((s * 1e3).toPrecision(4))} ms` : R.seconds(s));
};
/* x * 10^power as a text, which may be larger than a number can be. */
R.shifted = (x, power) => {
	const [digits, exponent] = x.toExponential(3).split("e");
	return `${Number(digits)}e${Number(exponent) + power}`;
};
R.percent = (x, digits = 1) => (!R.isNumber(x) ? "–"
	: R.keep(`${Math.abs(x) < 1e6 ? (100 * x).toFixed(digits) : R.shifted(x, 2)} %`));
R.milliseconds = s => (!R.isNumber(s) ? "–" : s < 1e12 ? R.number(1000 * s) : R.shifted(s, 3));
R.digits = n => x => (R.isNumber(x) ? String(Number(x.toPrecision(n))) : "–");
R.workers = n => R.count(n, "worker");

/* "5.2 – 5.41", "238.1 – 240 µs"; empty where there is no interval. */
R.rangeText = ({low, high}, format) => {
	if (!R.isNumber(low) || !R.isNumber(high) || low === high)
		return "";
	const from = R.keep(format(low)), to = R.keep(format(high)), unit = to.slice(to.lastIndexOf("\u00a0"));
	const isSame = unit.startsWith("\u00a0") && from.endsWith(unit);
	/* A line may end behind a dash, unless a word joiner follows. */
	return R.keep(`${isSame ? from.slice(0, -unit.length) : from} –\u2060 ${to}`);
};
/* "5.32 (5.2 – 5.41)" */
R.withInterval = (interval, format) => format(interval.value) + (R.rangeText(interval, format)
	? ` (${R.rangeText(interval, format)})` : "");

/* The unit of an axis of seconds: {name, factor}. */
R.timeUnit = ([low, high]) => R.unitOf(Math.sqrt(low * high) || 1);
R.unitOf = seconds => (seconds < 1e-3 ? {name: "µs", factor: 1e6} : seconds < 1 ? {name: "ms", factor: 1e3}
	: seconds < 600 ? {name: "s", factor: 1} : {name: "min", factor: 1 / 60});

/* Where the workers were: "0, 2, 4"; "0 … 127" of many. */
R.cpusText = ({cpus}) => (cpus.every(text => text === "") ? "not bound" : cpus.length > 12
	? `${cpus[0]} … ${cpus[cpus.length - 1]}` : cpus.join(", "));

/* What a tooltip says of a level. */
R.describeLevel = (model, {series, level}, extra = []) => ({
	title: R.workers(level.workers) + (level.workers === series.baseline ? ", the baseline" : "") +
		(model.hasSeveral ? ` · ${series.index + 1}. ${series.name}` : ""),
	pairs: [...extra, ["a step", R.withInterval(level.step, R.span)], ["samples/s", R.rate(level.samples_per_second)],
		[model.isWeak ? "scaled speed-up" : "speed-up", R.withInterval(level.speedup, R.digits(4))],
		["efficiency", R.withInterval(level.efficiency, R.percent)],
		...(R.isNumber(level.serial_fraction.value) ? [["serial fraction",
			R.withInterval(level.serial_fraction, R.digits(3))]] : []),
		["mini-batch", `${R.count(level.batch, "row")} in ${R.count(level.slices, "slice")}`],
		["CPUs", R.cpusText(level)],
		["blocks", level.seconds.length + (level.precise ? "" : ", not precise")]]});

/* ---- Switches ---------------------------------------------------------------------- */

R.seriesIcon = (series, isLine = false) => {
	const icon = d3.create("svg").attr("width", isLine ? 26 : 14).attr("height", 14).attr("aria-hidden", "true");
	if (isLine)
		icon.append("path").attr("d", "M0,7H26").style("stroke", R.seriesVariable(series.index)).style("stroke-width", 2);
	icon.append("path").attr("transform", `translate(${isLine ? 13 : 7},7)`).attr("d", R.seriesSymbol(series.index, 60))
		.style("fill", R.seriesVariable(series.index));
	return icon.node();
};
R.seriesVariable = i => `var(--scale-${i % R.SERIES_COLOURS})`;
R.seriesColour = i => R.colour(`scale-${i % R.SERIES_COLOURS}`);
R.seriesSymbol = (i, size) => d3.symbol().type(R.SERIES_SHAPES[i % R.SERIES_SHAPES.length]).size(size)();

/* A button that says by its state whether something is drawn. */
R.toggle = (model, content, get, set) => {
	const button = R.el("button", {type: "button", class: "toggle", onclick: () => {
		set(!get());
		model.tell("show");
	}}, content);
	const show = () => button.setAttribute("aria-pressed", String(get()));
	show();
	model.on("show", show);
	return button;
};

/* "series 3"; with its name where that is not far away. */
R.seriesHead = series => R.el("h3", {}, R.seriesIcon(series), `${series.index + 1}. ${series.name}`);

R.sameRuns = ({original}) => `the same runs as in series ${original.index + 1}`;

/* Series to switch on and off, when there are several, and what the marks are. Many have their numbers, by which the
 * answer lists them. */
R.seriesLegend = (body, model, notes = []) => {
	const toggles = model.hasSeveral ? model.series.map(series => {
		const isCopy = series.original !== series, number = series.index + 1;
		const text = model.isCompact ? number + (isCopy ? ` = ${series.original.index + 1}` : "")
			: `${number}. ${series.name}` + (isCopy ? `: ${R.sameRuns(series)}` : "");
		const button = R.toggle(model, [R.seriesIcon(series), text], () => series.isShown,
			is => { series.isShown = is; });
		button.dataset.series = series.index;
		if (model.isCompact) {
			button.title = series.name + (isCopy ? `: ${R.sameRuns(series)}` : "");
			button.setAttribute("aria-label", `series ${number}, ${button.title}`);
		}
		return button;
	}) : [];
	body.append(R.el("div", {class: "legend switches" + (model.isCompact ? " compact" : "")}, toggles, notes.filter(Boolean)
		.map(note => R.el("span", {}, note))));
};

/* How charts over workers are drawn; the same in all. */
R.workersControls = (controls, model, hasCurves) => {
	controls.append(R.toggle(model, "log axis", () => model.isLog, is => { model.isLog = is; }));
	if (!hasCurves || !model.series.some(({curves}) => curves.length))
		return;
	for (const name of ["usl", model.isWeak ? "gustafson" : "amdahl"])
		controls.append(R.toggle(model, R.Scaling.modelName(name), () => model.models.has(name),
			is => (is ? model.models.add(name) : model.models.delete(name))));
	controls.append(R.toggle(model, "beyond the levels", () => model.isFar, is => { model.isFar = is; }));
};
