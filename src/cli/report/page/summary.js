/* SPDX-License-Identifier: MIT
 *
 * What came out: the best trial with its parameters, how the trials ended, and beside it the trial that was
 * pinned, with what it has otherwise.
 */
R.trialCard = (model, trial, other) => {
	const interval = R.isNumber(trial.low) ? R.el("span", {class: "note"},
		` · 95 % interval ${R.number(trial.low)} – ${R.number(trial.high)}`) : null;
	const chips = model.parameters.filter(parameter => model.value(trial, parameter) !== null).map(parameter => {
		const value = model.value(trial, parameter);
		const differs = other && value !== model.value(other, parameter);
		return R.el("span", {class: "chip" + (differs ? " differs" : "")}, R.el("i", {}, parameter.name + " "),
			R.number(value));
	});
	const last = model.study.metrics.map((name, i) => [name, trial.last[i]])
		.filter(([name, value]) => R.isNumber(value) && name !== model.metric);
	const seconds = d3.sum(trial.jobs, job => job.seconds || 0);
	return R.el("div", {},
		R.el("div", {class: "tile"}, R.el("b", {}, R.number(trial.objective)),
			R.el("span", {}, `${model.metric} of trial ${trial.number}, ${trial.state} after `,
				R.count(trial.epochs, "epoch"), seconds ? ` and ${R.seconds(seconds)}` : ""), interval),
		R.el("div", {class: "chips"}, chips),
		last.length ? R.el("p", {class: "note"}, last.map(([name, value]) => `${name} ${R.number(value)}`).join(" · "))
			: null,
		trial.message ? R.el("p", {class: "note"}, trial.message) : null);
};

R.intervalNote = ({study}) => {
	if (study.seeds.length < 2)
		return null;
	const whole = `Objectives are the ${study.aggregate} over ${study.seeds.length} seeds`;
	if (study.aggregate !== "median")
		return `${whole}; of the median only there is an interval.`;
	return study.seeds.length < 6 ? `${whole}; a 95 % interval needs 6.` : `${whole}, with its 95 % interval.`;
};

R.panel({
	id: "result", title: "Result", kind: "study", width: 7,
	question: "Which configuration is best, and how good is it?",
	applies: () => true,
	build(body, model) {
		const {study, best} = model;
		if (study.description)
			body.append(R.el("p", {class: "note"}, study.description));
		if (best)
			body.append(R.trialCard(model, best));
		else
			body.append(R.el("p", {class: "note"}, "No trial has an objective."));
		R.append(body, [R.intervalNote(model) && R.el("p", {class: "note"}, R.intervalNote(model))]);
		const pinned = R.el("div", {"aria-live": "polite"});
		body.append(pinned);
		model.on("pin", trial => pinned.replaceChildren(...(trial ? [
			R.el("h3", {}, best && trial !== best ? "Pinned; what differs from the best is marked" : "Pinned"),
			R.trialCard(model, trial, best)] : [])));
	},
});

R.panel({
	id: "trials-by-state", title: "Trials", kind: "study", width: 5,
	question: "What did it cost, and how did the trials end?",
	applies: () => true,
	build(body, model) {
		const jobs = model.trials.flatMap(trial => trial.jobs);
		const tile = (value, name) => R.el("div", {class: "tile"}, R.el("b", {}, value), R.el("span", {}, name));
		body.append(R.el("div", {class: "tiles"},
			tile(model.trials.length.toLocaleString("en"), "trials"),
			tile(d3.sum(jobs, job => job.epoch).toLocaleString("en"), "epochs"),
			tile(R.seconds(R.spentSeconds(model)), "from start to end"),
			tile(R.seconds(d3.sum(jobs, job => job.seconds || 0)), "of training, all jobs")));
		const states = R.states.filter(state => model.counts[state]);
		body.append(R.el("div", {class: "states", "aria-hidden": "true"}, states.map(state =>
			R.el("i", {style: `flex: ${model.counts[state]}; background: var(--${state})`}))));
		body.append(R.el("div", {class: "legend"}, states.map(state => R.el("span", {}, R.stateIcon(state),
			`${model.counts[state].toLocaleString("en")} ${R.stateNotes[state]}`))));
	},
});

/* Of all sessions; one that has not ended counts up to the last job. */
R.spentSeconds = model => {
	const jobs = model.trials.flatMap(trial => trial.jobs);
	const last = d3.max(jobs, job => Date.parse(job.ended || job.started || "") || 0);
	return d3.sum(model.study.sessions, session => Math.max(0,
		(session.ended ? Date.parse(session.ended) : last) - Date.parse(session.started))) / 1000;
};
