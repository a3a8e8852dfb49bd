/* SPDX-License-Identifier: MIT
 *
 * All figures of all levels, the curves' parameters, and what was measured on what.
 */
R.levelColumns = model => {
	const three = R.digits(4), has = get => model.points.some(({level}) => get(level));
	/* Name, number, text. */
	const plain = (name, get, format = R.number) => ({name, get, text: level => format(get(level))});
	const interval = (name, get, format) => ({name, get: level => get(level).value,
		text: level => R.withInterval(get(level), format)});
	return [plain("workers", level => level.workers), plain("mini-batch", level => level.batch),
		plain("slices", level => level.slices),
		interval("a step, ms", level => level.step, R.milliseconds),
		{name: "blocks", get: level => level.seconds.length, text: (level, series) =>
			`${level.seconds.length}${level.precise ? "" : " *"}${R.isShared(series, level) ? " =" : ""}`},
		plain("samples/s", level => level.samples_per_second, R.rate),
		interval(model.isWeak ? "scaled speed-up" : "speed-up", level => level.speedup, three),
		interval("efficiency", level => level.efficiency, three),
		interval("serial fraction", level => level.serial_fraction, three),
		...(has(level => level.phases) ? [plain("balance", level => level.phases && level.phases.balance, three)] : []),
		...(has(level => level.roofline) ? [plain("GFLOP/s", level => level.roofline && level.roofline.gflops, three),
			plain("GB/s", level => level.roofline && level.roofline.gigabytes, three)] : []),
		...(has(level => level.predicted) ? [
			plain("predicted, ms", level => level.predicted && level.predicted.seconds, R.milliseconds),
			plain("error", level => level.predicted && level.predicted.error, R.percent)] : []),
		{name: "CPUs", get: level => level.cpus.join(", "), text: R.cpusText},
		{name: "fingerprint", get: level => level.fingerprint, text: level => R.code(level.fingerprint.slice(0, 12))}];
};

R.seriesCell = series => R.el("td", {class: "text"}, R.seriesIcon(series), ` ${series.index + 1}. ${series.name}`);

R.levelRow = (model, series, level, columns) => {
	const name = model.hasSeveral ? R.seriesCell(series) : null;
	if (level.excluded !== null)
		return R.el("tr", {class: "excluded"}, name, R.el("td", {}, level.workers),
			R.el("td", {class: "text", colspan: columns.length - 1}, "not measured: ", level.excluded));
	const point = series.points.find(one => one.level === level);
	const row = R.el("tr", {class: "row", "data-workers": level.workers, "data-series": series.index,
		onmouseenter: () => model.hover(point),
		onmouseleave: () => model.hover(null), onclick: () => model.pin(point)},
	name, columns.map(({get, text, name: column}) =>
		R.el("td", {"data-value": get(level), title: column === "fingerprint" || column === "CPUs" ? get(level) : null},
			text(level, series))));
	model.on("hover", () => row.classList.toggle("hover", model.hovered === point));
	model.on("pin", () => row.classList.toggle("pinned", model.pinned === point));
	model.on("show", () => { row.hidden = !series.isShown; });
	return row;
};

R.curveTable = model => {
	const rows = model.series.flatMap(series => series.curves.map(curve => ({series, curve})));
	if (!rows.length)
		return null;
	const of = ({name, value, low, high, at_bound: isAtBound}) => `${name} ${R.digits(4)(value)}` +
		(isAtBound ? ", at its bound"
		: R.isNumber(low) ? ` (${R.digits(3)(low)} – ${R.digits(3)(high)})` : "");
	const head = [...(model.hasSeveral ? ["series"] : []), "curve", "parameters with 95 % intervals", "R²",
		"residual error", "degrees of freedom", "peak"];
	return R.el("div", {}, R.el("h3", {}, "Curves"), R.el("div", {class: "table"}, R.el("table", {id: "scaling-curves"},
		R.el("thead", {}, R.el("tr", {}, head.map(name => R.el("th", {scope: "col",
			class: /^[scp][eau]r/.test(name) ? "text" : ""}, name)))),
		R.el("tbody", {}, rows.map(({series, curve}) => R.el("tr", {},
			model.hasSeveral ? R.seriesCell(series) : null,
			R.el("td", {class: "text"}, R.Scaling.modelName(curve.model)),
				R.el("td", {class: "text"}, curve.parameters.map(of).join(", ")),
			R.el("td", {}, R.digits(5)(curve.r_squared)), R.el("td", {}, R.digits(4)(curve.residual_error)),
				R.el("td", {}, curve.degrees_of_freedom),
			R.el("td", {}, curve.model !== "usl" ? "–" : R.isNumber(curve.peak) ? R.digits(4)(curve.peak)
				: "undefined")))))));
};

R.panel({
	id: "scaling-table", title: "All figures", kind: "scaling", isLong: true,
	question: "What exactly was measured? Intervals are in brackets; a click marks a level in all charts.",
	applies: () => true,
	build(body, model) {
		const columns = R.levelColumns(model);
		const head = [...(model.hasSeveral ? [R.el("th", {scope: "col", class: "text"}, "series")] : []),
			...columns.map(({name}) => R.el("th", {scope: "col"}, name))];
		const rows = model.series.flatMap(series =>
			series.levels.map(level => R.levelRow(model, series, level, columns)));
		body.append(R.el("details", {open: rows.length <= 60}, R.el("summary", {}, R.count(rows.length, "level")),
			R.el("div", {class: "table"}, R.el("table", {id: "scaling-levels"}, R.el("thead", {}, R.el("tr", {}, head)),
				R.el("tbody", {}, rows)))));
		if (model.points.some(({level}) => !level.precise))
			body.append(R.el("p", {class: "note"}, "* not as precise as was asked for"));
		if (model.points.some(({series, level}) => R.isShared(series, level)))
			body.append(R.el("p", {class: "note"}, "= the same run as in an earlier series, and measured once"));
		R.append(body, [R.curveTable(model)]);
	},
});

/* Members of a reading before and after, side by side where they differ. */
R.environmentFacts = ({before, after}) => {
	const text = value => (value === null || value === undefined || value === "" ? "–"
		: Array.isArray(value) ? value.join(", ") : String(value));
	const names = Object.keys(before);
	return R.facts(names.filter(name => text(before[name]) !== "–" || (after && text(after[name]) !== "–"))
		.map(name => [name.replace(/_/g, " "),
		!after || text(after[name]) === text(before[name]) ? text(before[name])
			: `${text(before[name])} → ${text(after[name])}`]));
};

R.panel({
	id: "scaling-setting", title: "Job, machine, environment", kind: "scaling", isLong: true,
	question: "What was measured on what, and how is it measured again?",
	applies: () => true,
	build(body, model) {
		const {document: all, series} = model, {study, machine, data, environment} = all;
		const part = rows => (rows ? [`${R.count(rows.rows, "row")}, `, R.code(rows.digest)] : null);
		const known = Object.entries(all.job).filter(([, value]) => value !== null);
		const steps = series.map(one => `${one.warmup_steps} + ${one.steps}`).join(", ");
		const column = (title, content) => R.el("div", {}, R.el("h3", {}, title), content);
		body.append(R.el("div", {class: "columns"},
			column("Study", R.facts([["kind", study.type], ["scaled", R.scaledWords(model)],
				["series", series.map(one => one.setting).join("; ")],
				["blocks", `${study.blocks}, from ${study.blocks_min} to ${study.blocks_max}`],
				["a run", `${R.seconds(study.run_seconds)}; ${steps} steps`],
				["precision", R.percent(study.precision)],
				["limit", R.isNumber(study.seconds_limit) ? R.seconds(study.seconds_limit) : null],
				["seed of the orders", study.seed], ["outcome", R.outcomeWords[study.outcome] || study.outcome],
				["took", R.seconds(study.seconds)], ["created", R.time(all.created)]])),
			column("Options of the job", R.facts(known.map(([name, value]) => [`--${name}`, String(value)]))),
			column("Machine", R.facts([["processor", machine.cpu], ["packages", machine.packages],
				["NUMA nodes", machine.numa_nodes], ["cores", machine.cores],
				["hardware threads", machine.pus], ["CPU quota", machine.cpu_quota], ["instruction set", all.isa],
				["compiler", all.compiler],
				["Lockstep", all.version], ["commit", R.code(all.commit)], ["arithmetic", all.arithmetic]])),
			column(environment.after ? "Environment, before → after" : "Environment", R.environmentFacts(environment)),
			column("Data (SHA-256)", R.facts([["training", part(data.train)], ["test", part(data.test)]]))));
		if (all.command)
			body.append(R.el("h3", {}, "Command"), R.el("pre", {tabindex: 0}, all.command));
		if (machine.topology)
			body.append(R.el("details", {}, R.el("summary", {}, "Topology, hwloc's XML"),
				R.el("pre", {tabindex: 0}, machine.topology)));
	},
});
