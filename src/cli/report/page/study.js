/* SPDX-License-Identifier: MIT
 *
 * A study as the panels see it: trials with what follows from them, which are selected, which one is under the
 * pointer, and which one is pinned. Panels listen; every one may set a filter of its own, and a trial is selected
 * when it passes all.
 */
R.LIVE_MAX = 300; /* with more trials the other charts wait until a brush rests */

R.Model = class {
	constructor(study) {
		this.study = study;
		this.name = study.name;
		this.metric = study.metric;
		this.maximize = study.goal === "maximize";
		this.trials = study.trials.map((trial, index) => ({...trial, index, goodness: NaN, rank: Infinity}));
		this.parameters = study.parameters.map((parameter, index) => ({...parameter, index}));
		this.ranked = study.ranked.map(i => this.trials[i]);
		this.best = this.ranked[0] || null;
		this.counts = {};
		for (const trial of this.trials)
			this.counts[trial.state] = (this.counts[trial.state] || 0) + 1;
		this.ranked.forEach((trial, i) => { trial.rank = i + 1; });
		this.rate();
		this.varying = this.parameters.filter(parameter => this.varies(parameter));
		this.filters = new Map();
		this.selected = new Uint8Array(this.trials.length).fill(1);
		this.nSelected = this.trials.length;
		this.hovered = this.pinned = null;
		this.listeners = {select: [], hover: [], pin: []};
	}

	/* From 0 to 1 by the order of objectives, so that a few bad trials do not make all others alike. */
	rate() {
		const rated = this.trials.filter(trial => R.isNumber(trial.objective));
		rated.sort((a, b) => (this.maximize ? a.objective - b.objective : b.objective - a.objective));
		rated.forEach((trial, i) => { trial.goodness = rated.length > 1 ? i / (rated.length - 1) : 1; });
		this.rated = rated;
	}

	varies(parameter) {
		let first;
		for (const {values} of this.trials) {
			const value = values[parameter.index];
			if (value === null)
				continue;
			if (first !== undefined && value !== first)
				return true;
			first = value;
		}
		return false;
	}

	colourOf(trial) {
		return Number.isNaN(trial.goodness) ? R.colour(trial.state) : R.shade(trial.goodness);
	}

	on(event, listener) { this.listeners[event].push(listener); }

	/* `test` NULL takes the filter away. `own` is drawn now, the others when there is time. */
	filter(source, test, own) {
		if (test)
			this.filters.set(source, test);
		else
			this.filters.delete(source);
		const tests = [...this.filters.values()];
		this.nSelected = 0;
		for (let i = 0; i < this.trials.length; i++) {
			const passes = tests.every(passing => passing(this.trials[i]));
			this.selected[i] = passes ? 1 : 0;
			this.nSelected += passes ? 1 : 0;
		}
		for (const listener of this.listeners.select)
			if (listener === own)
				listener();
			else
				R.later(listener, this.trials.length > R.LIVE_MAX ? 90 : 0);
	}

	clear() {
		for (const listener of this.listeners.clear || [])
			listener();
	}
	onClear(listener) { (this.listeners.clear = this.listeners.clear || []).push(listener); }

	hover(trial) {
		if (trial === this.hovered)
			return;
		this.hovered = trial;
		this.listeners.hover.forEach(listener => listener(trial));
	}

	pin(trial) {
		this.pinned = trial === this.pinned ? null : trial;
		this.listeners.pin.forEach(listener => listener(this.pinned));
	}

	value(trial, parameter) { return trial.values[parameter.index]; }

	/* What a tooltip says of a trial. */
	describe(trial, extra = []) {
		const interval = R.isNumber(trial.low) ? ` (${R.number(trial.low)} – ${R.number(trial.high)})` : "";
		const pairs = [[this.metric, R.number(trial.objective) + interval], ...extra,
			...this.varying.filter(parameter => this.value(trial, parameter) !== null)
				.slice(0, 12).map(parameter => [parameter.name, R.number(this.value(trial, parameter))])];
		return {title: `Trial ${trial.number}, ${trial.state}` + (trial === this.best ? ", the best" : ""), pairs,
			more: trial.message || null};
	}
};

/* The scale of a parameter between two pixels: of numbers as they are drawn, of listed values side by side. */
R.parameterScale = (model, parameter, range) => {
	if (parameter.scale === "listed") {
		const scale = d3.scalePoint().domain(parameter.values).range(range).padding(0.5);
		scale.isListed = true;
		return scale;
	}
	const seen = model.trials.map(trial => trial.values[parameter.index]).filter(R.isNumber);
	let [low, high] = [parameter.low, parameter.high];
	if (!R.isNumber(low) || !R.isNumber(high))
		[low, high] = d3.extent(seen);
	low = Math.min(low, d3.min(seen));
	high = Math.max(high, d3.max(seen));
	return R.numberScale(parameter.scale === "log" && low > 0, [low, high], range);
};

R.numberScale = (isLog, [low, high], range) => {
	if (low === high)
		[low, high] = isLog ? [low / 2, high * 2] : [low - 1, high + 1];
	const scale = (isLog ? d3.scaleLog() : d3.scaleLinear()).domain([low, high]).range(range);
	scale.isLog = isLog;
	return scale;
};

/* Of epochs and trials: only whole numbers get a tick. */
R.wholeScale = (extent, range) => {
	const scale = R.numberScale(false, extent, range);
	scale.isWhole = true;
	return scale;
};

/* The places of a scale that get a line, and which of them a text. */
R.ticksOf = (scale, count) => {
	if (scale.ticksOf)
		return scale.ticksOf(count);
	if (scale.isListed)
		return scale.domain().map(value => ({value, text: String(value)}));
	if (!scale.isLog)
		return scale.ticks(count).filter(value => !scale.isWhole || Number.isInteger(value))
			.map(value => ({value, text: R.tick(value)}));
	const [low, high] = scale.domain();
	const decades = Math.log10(high / low);
	if (decades < 1)
		return d3.scaleLinear().domain([low, high]).ticks(count).filter(value => value > 0)
			.map(value => ({value, text: R.tick(value)}));
	const every = Math.max(1, Math.ceil(decades / count));
	const ticks = scale.ticks(10);
	const isShown = value => {
		const power = Math.log10(value), whole = Math.round(power);
		if (Math.abs(power - whole) < 1e-9)
			return whole % every === 0;
		return decades < 2.2 && /^[35]/.test(value.toExponential()) && /^[35]e/.test(value.toExponential(0));
	};
	return ticks.map(value => ({value, text: isShown(value) ? R.tick(value) : ""}));
};

/* A domain that shows what matters: everything, unless the worst are far off; what lies beyond is
 * drawn at the edge. On a logarithmic scale it is far off by its logarithm. */
R.usefulExtent = (values, maximize, isLog) => {
	const sorted = values.filter(R.isNumber).map(isLog ? Math.log : Number).sort(d3.ascending);
	if (!sorted.length)
		return isLog ? [1, 10] : [0, 1];
	const quantile = p => d3.quantile(sorted, p), spread = quantile(0.75) - quantile(0.25);
	let [low, high] = d3.extent(sorted);
	if (spread > 0 && !maximize && high > quantile(0.75) + 4 * spread)
		high = quantile(0.75) + 2.5 * spread;
	if (spread > 0 && maximize && low < quantile(0.25) - 4 * spread)
		low = quantile(0.25) - 2.5 * spread;
	const pad = (high - low || Math.abs(high) || 1) * 0.04;
	return isLog ? [Math.exp(low - pad), Math.exp(high + pad)] : [low - pad, high + pad];
};

/* Are these numbers better seen on a logarithmic scale? When most of them are far apart. */
R.wantsLog = values => {
	const sorted = values.filter(R.isNumber).sort(d3.ascending);
	return sorted.length > 1 && sorted[0] > 0 && d3.quantile(sorted, 0.9) / sorted[0] > 12;
};

/* Of objectives, the same in all charts unless one is told otherwise. */
R.objectiveScale = (model, range, isLog = R.wantsLog(model.rated.map(trial => trial.objective))) =>
	R.numberScale(isLog, R.usefulExtent(model.rated.map(trial => trial.objective), model.maximize, isLog), range).clamp(true);
