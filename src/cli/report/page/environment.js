/* SPDX-License-Identifier: MIT
 *
 * What it ran on, and from what it can be run again.
 */
R.sessionFacts = session => R.facts([["processor", session.cpu], ["cores", session.cores],
	["quota of CPUs", session.cpu_quota], ["instruction set", session.isa],
	["compiler", session.compiler], ["Lockstep", session.version], ["commit", R.code(session.commit)],
	["command", R.code(session.command)]]);

R.panel({
	id: "environment", title: "Environment", kind: "study", isLong: true,
	question: "What did it run on, and how is it run again?",
	applies: () => true,
	build(body, model) {
		const {study} = model, [first] = study.sessions;
		const columns = R.el("div", {class: "columns"});
		body.append(columns);
		if (first)
			columns.append(R.el("div", {}, R.el("h3", {}, "Machine"), R.sessionFacts(first)));
		columns.append(R.el("div", {}, R.el("h3", {}, "Search"), R.facts([["method", study.method], ["sampler", study.sampler],
			["its seed", study.seed], ["scheduler", study.scheduler], ["metric", `${study.metric}, ${study.goal}`],
			["seeds of a trial", study.seeds.length > 1 ? study.seeds.join(", ") : null], ["aggregate", study.seeds.length > 1 ? study.aggregate : null],
			["created", R.time(study.created)]])));
		if (study.data.length)
			columns.append(R.el("div", {}, R.el("h3", {}, "Data (SHA-256)"),
				R.facts(study.data.map(({name, part, digest}) => [`${name}, ${part}`, R.code(digest)]))));
		const best = model.best;
		if (best && best.jobs.some(job => job.fingerprint))
			columns.append(R.el("div", {}, R.el("h3", {}, `Fingerprints of the best, trial ${best.number}`),
				R.facts(best.jobs.filter(job => job.fingerprint).map(job => [`seed ${job.seed}`, R.code(job.fingerprint)]))));
		if (study.sessions.length > 1)
			body.append(R.el("details", {}, R.el("summary", {}, `${study.sessions.length} sessions`),
				R.el("div", {class: "columns"}, study.sessions.map((session, i) => R.el("div", {},
					R.el("h3", {}, `${i + 1}: ${R.time(session.started)}, ${session.outcome || "no end"}`),
					R.sessionFacts(session))))));
		body.append(R.el("details", {open: study.spec.length < 1500}, R.el("summary", {}, "Specification"),
			R.el("pre", {tabindex: 0}, study.spec)));
	},
});
