/* SPDX-License-Identifier: MIT
 *
 * Reads the data, makes the head of the page and the panels of what is shown.
 */
R.build = (kind, model) => {
	const main = document.getElementById("main"), sections = document.getElementById("sections");
	main.replaceChildren();
	sections.replaceChildren();
	R.themed = [];
	for (const panel of R.panels) {
		if (panel.kind !== kind || !panel.applies(model))
			continue;
		const width = typeof panel.width === "function" ? panel.width(model) : panel.width;
		const controls = R.el("div", {class: "controls"}), body = R.el("div", {class: "body"});
		main.append(R.el("section", {id: panel.id, "aria-labelledby": `${panel.id}-title`, class: "panel" +
			(width ? ` wide-${width}` : "") + (panel.isLong ? " long" : "")},
		R.el("header", {}, R.el("h2", {id: `${panel.id}-title`}, panel.title), R.el("p", {}, panel.question), controls), body));
		panel.build(body, model, controls);
		sections.append(R.el("a", {href: `#${panel.id}`}, panel.title));
	}
};

R.themeButton = () => {
	const next = {"": "light", light: "dark", dark: ""};
	const names = {"": "Scheme: system", light: "Scheme: light", dark: "Scheme: dark"};
	let theme = "";
	const button = R.el("button", {type: "button", id: "scheme", onclick: () => {
		theme = next[theme];
		button.textContent = names[theme];
		R.setTheme(theme);
	}}, names[theme]);
	return button;
};

/* How many trials are selected, and the way back. */
R.selectionPill = model => {
	const pill = R.el("span", {class: "pill", role: "status", hidden: true});
	const count = R.el("span");
	R.append(pill, [count, R.el("button", {type: "button", onclick: () => model.clear()}, "all")]);
	model.on("select", () => {
		pill.hidden = model.nSelected === model.trials.length;
		pill.style.display = pill.hidden ? "none" : "";
		count.textContent = `${model.nSelected.toLocaleString("en")} of ${R.count(model.trials.length, "trial")}`;
	});
	pill.style.display = "none";
	return pill;
};

R.start = data => {
	const title = R.el("h1", {}), pill = R.el("span"), select = R.el("span");
	R.append(document.getElementById("top"), [
		R.el("div", {class: "bar"}, title, select, R.el("span", {class: "space"}), pill, R.themeButton()),
		R.el("nav", {id: "sections", class: "sections", "aria-label": "sections"})]);
	/* What a link leads to is not to end below the head. */
	new ResizeObserver(([{target}]) => {
		document.documentElement.style.scrollPaddingTop = `${target.offsetHeight + 8}px`;
	}).observe(document.getElementById("top"));
	const made = R.el("small", {}, `${data.file} · Lockstep ${data.version} · ${R.time(data.made)}`);
	function name(text) {
		document.title = `${text} – Lockstep report`;
		title.replaceChildren(text, made);
	}
	if (data.kind === "run") {
		R.model = new R.Run(data);
		name("Training run");
		R.build("run", R.model);
		return;
	}
	/* Searches and scaling studies of one database stand in one list. */
	const studies = [...(data.studies || []).map(study => ({study, name: study.name, kind: "study"})),
		...(data.scalings || []).map(study => ({study, name: study.name || "Scaling study", kind: "scaling"}))];
	function show(i) {
		const {study, kind} = studies[i];
		R.model = kind === "study" ? new R.Model(study) : new R.Scaling(study);
		name(R.model.name);
		pill.replaceChildren(...(kind === "study" ? [R.selectionPill(R.model)] : []));
		R.build(kind, R.model);
	}
	if (studies.length > 1)
		select.append(R.el("label", {}, "Study", R.el("select", {id: "study", onchange: event => show(+event.target.value)},
			studies.map(({name: text, kind}, i) => R.el("option", {value: i}, kind === "scaling" && data.studies && data.studies.length
				? `${text} (scaling)` : text)))));
	show(0);
};

R.start(JSON.parse(document.getElementById("data").textContent));
