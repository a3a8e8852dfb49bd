/* SPDX-License-Identifier: MIT
 *
 * The answer in words: how many workers are worth it, against what, what ends it, and what may have spoilt it.
 */
R.NEARLY = 0.05; /* so much less than the fastest is as good, when it takes fewer workers */

/* The fewest workers that come near the fastest level; null when it takes all of them. */
R.nearlyFastest = ({points, fastest}) => {
	const near = points.find(({level}) => level.speedup.value >= (1 - R.NEARLY) * fastest.level.speedup.value);
	return near && near.level.workers < fastest.level.workers ? near : null;
};

/* All that had the same work must have ended alike: {isEqual, groups: [{batch, slices, fingerprints, n}]}. */
R.fingerprintsOf = model => {
	const groups = new Map();
	for (const {level} of model.points) {
		const key = `${level.batch} ${level.slices}`;
		if (!groups.has(key))
			groups.set(key, {batch: level.batch, slices: level.slices, fingerprints: new Set(), n: 0});
		groups.get(key).fingerprints.add(level.fingerprint);
		groups.get(key).n++;
	}
	const list = [...groups.values()];
	return {isEqual: list.every(({fingerprints}) => fingerprints.size === 1), groups: list};
};

R.curveSentence = ({curves, refusal, last}) => {
	const usl = curves.find(({model}) => model === "usl");
	if (!usl)
		return refusal ? `No curve: ${refusal}.` : null;
	if (!R.isNumber(usl.peak))
		return "The USL's peak is undefined: no level that was measured shows one.";
	if (usl.peak === 0)
		return "By the USL more workers are slower from the first one on.";
	return `The USL has its peak at ${R.digits(3)(usl.peak)} workers` +
		(usl.peak > last.level.workers ? ", which is beyond the levels: an extrapolation." : ".");
};

R.baselineSentence = ({base, baseline}) => {
	const {level} = base;
	return `Baseline: ${R.workers(baseline)}, ${R.withInterval(level.step, R.span)} a step of ` +
		`${R.count(level.batch, "row")} in ${R.count(level.slices, "slice")}, ` +
		`${R.rate(level.samples_per_second)} samples a second. Speed-ups are against this.`;
};

/* Levels of a series that were left out, with the same reason together. */
R.excludedList = series => {
	const reasons = new Map();
	for (const {workers, excluded} of series.excluded)
		reasons.set(excluded, [...(reasons.get(excluded) || []), workers]);
	const noun = workers => (workers.length === 1 && workers[0] === 1 ? "worker" : "workers");
	return [...reasons].map(([reason, workers]) => `${workers.join(", ")} ${noun(workers)}: ${reason}`);
};

R.tile = (value, name) => R.el("div", {class: "tile"}, R.el("b", {}, value), R.el("span", {}, name));

R.levelTiles = (model, level, workersName) => {
	const two = R.digits(3), whole = x => R.percent(x, 0);
	const interval = (figure, format) => (R.rangeText(figure, format) ? `, ${R.rangeText(figure, format)}` : "");
	return R.el("div", {class: "tiles"}, R.tile(level.workers, workersName),
		R.tile(R.keep(`${two(level.speedup.value)} ×`), (model.isWeak ? "scaled speed-up" : "speed-up") +
			interval(level.speedup, two)),
		R.tile(whole(level.efficiency.value), `efficiency${interval(level.efficiency, whole)}`),
		R.tile(R.span(level.step.value), `a step${interval(level.step, R.span)}`),
		R.tile(R.rate(level.samples_per_second), "samples a second"));
};

/* What the study was for: the best level of all, as lockstep scale says it. Older documents do not have it. */
R.bestOfAll = model => {
	const {answer, time_to_loss: loss} = model.document;
	if (!answer)
		return null;
	const [sentence, ...others] = answer.text.split("\n"), series = model.series[answer.series];
	const {level} = series.points.find(point => point.level.workers === answer.workers);
	const tiles = model.hasSeveral ? R.levelTiles(model, level, R.workers(level.workers).replace(/^\S+ /, "")) : null;
	const own = loss && answer.by === "loss" ? loss.seconds.find(one => one.series === answer.series &&
		one.workers === answer.workers) : null;
	if (tiles && own)
		tiles.prepend(R.tile(R.span(own.seconds), `to the loss of ${R.number(loss.target)}`));
	return R.el("div", {class: "best", "data-series": answer.series, "data-workers": answer.workers},
		R.el("p", {class: "sentence"}, model.hasSeveral ? R.seriesIcon(series) : null, sentence), tiles,
		others.map(line => R.el("p", {}, line)));
};

/* Levels that stand in several series were measured in the first. */
R.sharedNote = series => {
	if (series.original !== series)
		return R.el("p", {class: "note shared"}, `All its levels are ${R.sameRuns(series)}, and were measured once.`);
	return series.points.every(({level}) => R.isShared(series, level)) ? R.el("p", {class: "note shared"},
		"All its levels are the same runs as in earlier series, and were measured once.") : null;
};

R.answerCard = (model, series) => {
	const {fastest, limit} = series, {level} = fastest, near = R.nearlyFastest(series);
	const isOriginal = series.original === series, excluded = R.excludedList(series), curve = R.curveSentence(series);
	return R.el("div", {class: "answer", "data-series": series.index},
		model.hasSeveral ? R.seriesHead(series) : null,
		R.levelTiles(model, level, `${level.workers === 1 ? "worker" : "workers"}: the fastest level`),
		R.sharedNote(series),
		limit && limit.text && isOriginal ? R.el("p", {class: "limit"}, limit.text) : null,
		near ? R.el("p", {}, `${R.workers(near.level.workers)} come within ${100 * R.NEARLY} % of that.`) : null,
		R.el("p", {}, R.baselineSentence(series)),
		curve ? R.el("p", {class: "note"}, curve) : null,
		excluded.length ? R.el("p", {class: "note excluded"}, "Not measured: ", excluded.join("; "), ".") : null);
};

R.fingerprintWords = model => {
	const {isEqual, groups} = R.fingerprintsOf(model), nBlocks = model.document.study.blocks;
	if (!isEqual)
		return R.el("p", {class: "warnings", role: "alert"},
			"Levels with the same work ended with different fingerprints: they did not compute the same.");
	if (groups.length === 1)
		return R.el("p", {class: "fingerprints"}, R.el("span", {class: "good"}, "✓ "),
			`${groups[0].n === 1 ? "The level" : `All ${groups[0].n} levels`} ended with ` +
			`the same fingerprint in ${nBlocks === 1 ? "the one block" : `all ${nBlocks} blocks`}: `,
				R.code([...groups[0].fingerprints][0]));
	return R.el("div", {class: "fingerprints"}, R.el("p", {}, R.el("span", {class: "good"}, "✓ "),
		"Levels with the same work ended with the same fingerprint in all blocks."),
	R.el("details", {}, R.el("summary", {}, R.count(groups.length, "fingerprint")),
		R.facts(groups.map(({batch, slices, fingerprints, n}) =>
			[`${R.count(batch, "row")} in ${R.count(slices, "slice")}, ${R.count(n, "level")}`,
			R.code([...fingerprints][0])]))));
};

R.outcomeWords = {precise: "all levels are as precise as was asked for", blocks: "the most blocks that were allowed",
	time: "the time was up", stopped: "it was stopped"};

/* Older documents say of the study what holds within a series. */
R.scaledWords = ({document: {study: {scaled}}, hasSeveral}) =>
	(hasSeveral && scaled.startsWith("every level") ? `within a series ${scaled}` : scaled);

R.panel({
	id: "scaling-answer", title: "Answer", kind: "scaling",
	question: "How many workers should this job have, and why not more?",
	applies: () => true,
	build(body, model) {
		const {study, environment} = model.document;
		R.append(body, [R.bestOfAll(model)]);
		if (environment.warnings.length)
			body.append(R.el("div", {class: "warnings", role: "alert"},
				R.el("strong", {}, "These figures may be spoilt:"),
				R.el("ul", {}, environment.warnings.map(line => R.el("li", {}, line)))));
		body.append(R.el("div", {class: "answers" + (model.hasSeveral ? " several" : "")},
			model.series.map(series => R.answerCard(model, series))),
			R.fingerprintWords(model),
			R.el("p", {class: "note"}, `A ${study.type} study: ${R.scaledWords(model)}. ${R.count(study.blocks, "block")} in ` +
				`${R.seconds(study.seconds)}; the end: ${R.outcomeWords[study.outcome] || study.outcome}.`));
	},
});
