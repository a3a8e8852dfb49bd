/* SPDX-License-Identifier: MIT
 *
 * All trials, a page of rows at a time; sorted by any column, filtered by words and comparisons.
 */

/* "lr<0.1 hidden=relu tanh": every word must hold. A word with a comparison names a column, any other is looked for
 * in all texts. {test} or {error}. */
R.parseFilter = (text, columns) => {
	const tests = [];
	for (const word of text.trim().split(/\s+/).filter(Boolean)) {
		const match = /^(.+?)(<=|>=|!=|=|<|>)(.*)$/.exec(word);
		if (!match) {
			const wanted = word.toLowerCase();
			tests.push(trial => columns.some(column => String(column.text(trial)).toLowerCase().includes(wanted)));
			continue;
		}
		const [, name, sign, value] = match;
		const column = columns.find(one => one.name.toLowerCase() === name.toLowerCase());
		if (!column)
			return {error: `no column '${name}'`};
		if (value === "")
			return {error: `'${word}' compares with nothing`};
		const number = Number(value);
		tests.push(trial => {
			const own = column.get(trial);
			if (own === null || own === undefined)
				return sign === "!=";
			const isNumber = typeof own === "number" && !Number.isNaN(number);
			const a = isNumber ? own : String(own), b = isNumber ? number : value;
			switch (sign) {
			case "<": return isNumber ? a < b : Number(a) < number;
			case ">": return isNumber ? a > b : Number(a) > number;
			case "<=": return isNumber ? a <= b : Number(a) <= number;
			case ">=": return isNumber ? a >= b : Number(a) >= number;
			case "=": return isNumber ? a === b : a === value || Number(a) === number;
			default: return isNumber ? a !== b : a !== value;
			}
		});
	}
	return {test: tests.length ? trial => tests.every(test => test(trial)) : null};
};

R.tableColumns = model => {
	const number = (name, get) => ({name, get, text: trial => R.number(get(trial))});
	const columns = [
		{name: "rank", get: trial => (Number.isFinite(trial.rank) ? trial.rank : null),
			text: trial => (Number.isFinite(trial.rank) ? trial.rank : "–")},
		number("trial", trial => trial.number),
		{name: "state", isText: true, get: trial => trial.state, text: trial => trial.state},
		number(model.metric, trial => trial.objective)];
	if (model.trials.some(trial => R.isNumber(trial.low)))
		columns.push(number("low", trial => trial.low), number("high", trial => trial.high));
	columns.push(number("epochs", trial => trial.epochs));
	for (const parameter of model.parameters)
		columns.push({...number(parameter.name, trial => model.value(trial, parameter)),
			isText: parameter.scale === "listed"});
	model.study.metrics.forEach((name, i) => {
		if (name !== model.metric)
			columns.push(number(name, trial => trial.last[i]));
	});
	columns.push({name: "seconds", get: trial => d3.sum(trial.jobs, job => job.seconds || 0) || null,
		text: trial => R.number(Number(d3.sum(trial.jobs, job => job.seconds || 0).toPrecision(3)))});
	if (model.trials.some(trial => trial.message))
		columns.push({name: "message", isText: true, get: trial => trial.message, text: trial => trial.message || ""});
	return columns;
};

R.panel({
	id: "table", title: "All trials", kind: "study", isLong: true,
	question: "What exactly did a trial have? Click a row to compare it with the best.",
	applies: model => model.trials.length > 0,
	build(body, model) {
		const ROWS = 20;
		const columns = R.tableColumns(model);
		let sortBy = columns[0], isDown = false, page = 0, rows = [];
		const filter = R.el("input", {type: "search", id: "filter", "aria-label": "filter of trials",
			placeholder: `filter: state=done ${model.varying.length ? model.varying[0].name + "<…" : "epochs>1"} or any word`,
			oninput: () => apply()});
		const said = R.el("span", {class: "note", role: "status"});
		const previous = R.el("button", {type: "button", onclick: () => turn(-1)}, "‹ Previous");
		const next = R.el("button", {type: "button", onclick: () => turn(1)}, "Next ›");
		body.append(R.el("div", {class: "toolbar"}, filter, said, R.el("span", {class: "controls"}, previous, next)));
		const head = R.el("tr"), tbody = R.el("tbody");
		body.append(R.el("div", {class: "table"}, R.el("table", {}, R.el("caption", {class: "hidden"}, "all trials"),
			R.el("thead", {}, head), tbody)));
		const heads = columns.map(column => R.el("th", {scope: "col", class: column.isText ? "text" : null},
			R.el("button", {type: "button", onclick: () => sort(column)}, column.name)));
		R.append(head, heads);

		function apply() {
			const {test, error} = R.parseFilter(filter.value, columns);
			filter.classList.toggle("wrong", Boolean(error));
			if (error)
				said.textContent = error;
			else
				model.filter("table", test, update);
		}
		function sort(column) {
			isDown = column === sortBy ? !isDown : false;
			sortBy = column;
			page = 0;
			update();
		}
		function turn(by) {
			page += by;
			show();
		}
		/* What is absent comes last, both ways. */
		function compare(a, b) {
			const x = sortBy.get(a), y = sortBy.get(b);
			const isX = x !== null && x !== undefined, isY = y !== null && y !== undefined;
			if (!isX || !isY)
				return isX === isY ? a.index - b.index : isX ? -1 : 1;
			const order = typeof x === "number" && typeof y === "number" ? x - y
				: !Number.isNaN(Number(x)) && !Number.isNaN(Number(y)) ? Number(x) - Number(y)
					: String(x).localeCompare(String(y), "en");
			return (isDown ? -order : order) || a.index - b.index;
		}
		function update() {
			rows = model.trials.filter(trial => model.selected[trial.index]).sort(compare);
			page = Math.min(page, Math.max(0, Math.ceil(rows.length / ROWS) - 1));
			columns.forEach((column, i) => {
				if (column === sortBy)
					heads[i].setAttribute("aria-sort", isDown ? "descending" : "ascending");
				else
					heads[i].removeAttribute("aria-sort");
				heads[i].firstChild.textContent = column.name + (column === sortBy ? (isDown ? " ↓" : " ↑") : "");
			});
			show();
		}
		function row(trial) {
			const cells = columns.map((column, i) => R.el("td", {class: column.isText ? "text long" : null,
				title: column.isText && i !== 2 ? column.text(trial) : null},
			i === 2 ? [R.stateIcon(trial.state), " "] : [], column.text(trial)));
			const node = R.el("tr", {class: "row", tabindex: 0, "data-trial": trial.number,
				onclick: () => model.pin(trial), onpointerenter: () => model.hover(trial), onpointerleave: () => model.hover(null),
				onfocus: () => model.hover(trial), onblur: () => model.hover(null),
				onkeydown: event => {
					if (event.key === "Enter" || event.key === " ") {
						event.preventDefault();
						model.pin(trial);
					}
				}}, cells);
			node.trial = trial;
			return node;
		}
		function mark() {
			for (const node of tbody.children) {
				node.classList.toggle("hover", node.trial === model.hovered);
				node.classList.toggle("pinned", node.trial === model.pinned);
			}
		}
		function show() {
			const first = page * ROWS, shown = rows.slice(first, first + ROWS);
			tbody.replaceChildren(...shown.map(row));
			previous.disabled = page === 0;
			next.disabled = first + ROWS >= rows.length;
			said.textContent = rows.length ? `${first + 1}–${first + shown.length} of ${R.count(rows.length, "trial")}`
				: "no trial passes";
			mark();
		}
		update();
		model.on("select", update);
		model.on("hover", mark);
		model.on("pin", mark);
		model.onClear(() => {
			if (filter.value) {
				filter.value = "";
				apply();
			}
		});
	},
});
