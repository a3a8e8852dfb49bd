/* SPDX-License-Identifier: MIT
 *
 * Importance of parameters, as lockstep_importance_create() has it: the report draws and does not compute it.
 */
R.panel({
	id: "importance", title: "Importance", kind: "study", width: 5,
	question: "Which parameters made the difference between the best tenth and all?",
	applies: model => model.parameters.length > 0,
	build(body, model) {
		const {importance} = model.study;
		if (importance.reason) {
			body.append(R.el("p", {class: "note"}, `No importance: ${importance.reason}.`));
			return;
		}
		const rated = model.parameters.filter(parameter => R.isNumber(parameter.share))
			.sort((a, b) => b.share - a.share);
		const others = model.parameters.filter(parameter => !R.isNumber(parameter.share));
		const most = d3.max(rated, parameter => parameter.share);
		const percent = share => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
		const isClear = parameter => parameter.share > parameter.chance;
		body.append(R.el("div", {class: "bars", role: "list"}, rated.map(parameter => [
			R.el("span", {class: "name", role: "listitem"}, parameter.name),
			R.el("span", {class: "track"}, R.el("i", {class: isClear(parameter) ? "" : "chance",
				style: `width: ${100 * parameter.share / most}%`}),
			R.el("b", {style: `left: ${Math.min(100, 100 * parameter.chance / most)}%`,
				title: `chance: up to ${percent(parameter.chance)}`})),
			R.el("span", {class: "share"}, percent(parameter.share))])));
		const notes = others.map(parameter => (parameter.follows
			? `${parameter.name} goes with ${parameter.follows}` : `${parameter.name} has one value only`));
		const partial = rated.filter(parameter => parameter.trials < importance.trials)
			.map(parameter => `${parameter.name} is active in ${parameter.trials} of them`);
		body.append(R.el("p", {class: "note"}, `PED-ANOVA: the ${importance.best} best of ${importance.trials} trials that ` +
			"are done, against all of these. The line is what chance alone may give, with 95 of 100 random choices: " +
			`a bar that ends before it, hatched, says nothing. ${[...partial, ...notes].map(note => note + ".").join(" ")}`));
	},
});
