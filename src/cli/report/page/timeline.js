/* SPDX-License-Identifier: MIT
 *
 * Which trial ran on which cores when. Time in which nothing ran is cut out where it is long.
 */
R.parseCores = text => {
	const cores = [];
	for (const part of (text || "").split(",")) {
		const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
		if (match && +(match[2] || match[1]) - +match[1] < 4096)
			cores.push(...d3.range(+match[1], +(match[2] || match[1]) + 1));
	}
	return cores;
};

/* Times of jobs in order become seconds without the long gaps: {spans, toSeconds, gaps, total}. */
R.foldTime = spans => {
	const sorted = spans.slice().sort((a, b) => a.from - b.from);
	const whole = d3.max(spans, span => span.to) - sorted[0].from;
	const gaps = [];
	let end = sorted[0].from;
	for (const {from, to} of sorted) {
		if (from - end > Math.max(2000, 0.08 * whole))
			gaps.push({from: end, to: from});
		end = Math.max(end, to);
	}
	const toSeconds = time => (time - sorted[0].from - d3.sum(gaps, gap => (time >= gap.to ? gap.to - gap.from
		: time > gap.from ? time - gap.from : 0))) / 1000;
	return {gaps, toSeconds, total: toSeconds(end), start: sorted[0].from};
};

R.panel({
	id: "timeline", title: "Timeline", kind: "study",
	question: "Were the cores busy, and what held them up?",
	applies: model => model.trials.some(trial => trial.jobs.some(job => job.started)),
	build(body, model) {
		const now = d3.max(model.trials.flatMap(trial => trial.jobs), job => Date.parse(job.ended || job.started || "") || 0);
		const spans = model.trials.flatMap(trial => trial.jobs.filter(job => job.started).map(job => {
			const from = Date.parse(job.started), ended = job.ended ? Date.parse(job.ended) : now;
			return {trial, job, from, to: Math.max(ended, from), cores: R.parseCores(job.cores)};
		})).filter(span => Number.isFinite(span.from) && Number.isFinite(span.to));
		if (!spans.length) {
			body.append(R.el("p", {class: "note"}, "No job has a time."));
			return;
		}
		const time = R.foldTime(spans);
		const cores = [...new Set(spans.flatMap(span => span.cores))].sort(d3.ascending);
		/* Jobs on no known core have lanes of their own, each the first that is free. */
		const lanes = [];
		for (const span of spans.filter(one => !one.cores.length).sort((a, b) => a.from - b.from)) {
			let lane = lanes.findIndex(end => end <= span.from);
			if (lane < 0)
				lane = lanes.push(0) - 1;
			lanes[lane] = span.to;
			span.lane = lane;
		}
		const rows = [...cores.map(core => ({name: `core ${core}`, core})), ...lanes.map((_, lane) => ({name: "not bound", lane}))];
		const rowHeight = Math.max(6, Math.min(34, 480 / rows.length));
		const plot = new R.Plot(body, {height: 44 + rowHeight * rows.length, margin: {top: 8, left: 74, bottom: 36},
			label: "timeline of cores", layers: 2});
		let boxes = [];

		function draw() {
			const context = plot.layer(0);
			const card = R.colour("card");
			const isNarrow = d3.median(boxes, box => box.width) < 3;
			for (const box of boxes) {
				context.globalAlpha = model.selected[box.span.trial.index] ? 0.9 : 0.13;
				context.fillStyle = box.colour;
				context.fillRect(box.x, box.y, box.width, box.height);
				if (!isNarrow && box.span.trial.state !== "done" && box.width > 4) {
					/* Hatched: it came to no end. */
					context.save();
					context.beginPath();
					context.rect(box.x, box.y, box.width, box.height);
					context.clip();
					context.strokeStyle = card;
					context.lineWidth = 1.3;
					context.beginPath();
					for (let x = box.x - box.height; x < box.x + box.width; x += 6) {
						context.moveTo(x, box.y + box.height);
						context.lineTo(x + box.height, box.y);
					}
					context.stroke();
					context.restore();
				}
				if (box.width > 26 && box.height > 12) {
					context.globalAlpha = 1;
					context.font = "11px system-ui, sans-serif";
					context.textAlign = "center";
					context.textBaseline = "middle";
					const rgb = d3.rgb(box.colour), isBright = 0.3 * rgb.r + 0.6 * rgb.g + 0.1 * rgb.b > 140;
					context.fillStyle = isBright ? "#000" : "#fff";
					context.fillText(String(box.span.trial.number), box.x + box.width / 2, box.y + box.height / 2, box.width - 4);
				}
			}
			context.globalAlpha = 1;
		}
		function drawPointed() {
			const context = plot.layer(1);
			context.strokeStyle = R.colour("mark");
			context.lineWidth = 2.5;
			for (const trial of [model.pinned, model.hovered])
				for (const box of trial ? boxes.filter(one => one.span.trial === trial) : [])
					context.strokeRect(box.x, box.y, box.width, box.height);
		}
		function boxesOf(span, x, y) {
			const left = x(time.toSeconds(span.from)), width = Math.max(1, x(time.toSeconds(span.to)) - left - 0.6);
			const made = (row, n) => ({span, x: left, width, y: y(row) + 1, height: n * rowHeight - 2,
				colour: model.colourOf(span.trial)});
			if (!span.cores.length)
				return [made(cores.length + span.lane, 1)];
			const places = span.cores.map(core => cores.indexOf(core)), parts = [];
			for (let i = 0, n; i < places.length; i += n) {
				for (n = 1; i + n < places.length && places[i + n] === places[i] + n; n++);
				parts.push(made(places[i], n));
			}
			return parts;
		}
		plot.start(() => {
			const [unit, length] = time.total > 10800 ? ["hours", 3600] : time.total > 600 ? ["minutes", 60] : ["seconds", 1];
			const x = R.numberScale(false, [0, time.total || 1], [plot.left, plot.right]);
			const y = row => plot.top + row * rowHeight;
			plot.drawAxes(R.numberScale(false, [0, (time.total || 1) / length], [plot.left, plot.right]), null,
				{xName: `${unit} since the start${time.gaps.length ? ", pauses left out" : ""}`});
			rows.forEach(({name}, i) => {
				if (i % Math.ceil(14 / rowHeight) === 0)
					plot.axes.append("text").attr("x", plot.left - 7).attr("y", y(i) + rowHeight / 2).attr("dy", "0.32em")
						.attr("text-anchor", "end").text(name);
			});
			for (const gap of time.gaps) {
				const at = x(time.toSeconds(gap.from));
				plot.axes.append("path").attr("d", `M${at},${plot.top}V${plot.bottom}`).style("stroke", "var(--mark)")
					.style("stroke-dasharray", "4 3").append("title").text(`nothing ran for ${R.seconds((gap.to - gap.from) / 1000)}`);
			}
			boxes = spans.flatMap(span => boxesOf(span, x, y));
			draw();
			drawPointed();
		});
		plot.watch(model, {
			nearest: (x, y) => boxes.find(box => x >= box.x - 1 && x <= box.x + box.width + 1 && y >= box.y &&
				y <= box.y + box.height) || null,
			order: () => boxes, place: box => [box.x + box.width / 2, box.y + box.height / 2], trial: box => box.span.trial,
			describe({span}) {
				const {job} = span;
				return model.describe(span.trial, [["cores", job.cores || "not bound"],
					["seed", job.seed], ["started", R.time(job.started)],
					["trained", R.seconds(job.seconds)],
					...(job.samples_per_second ? [["samples/s", R.rate(job.samples_per_second)]] : [])]);
			}});
		model.on("select", draw);
		model.on("hover", drawPointed);
		model.on("pin", drawPointed);
		const busy = d3.sum(spans, span => (span.to - span.from) * (span.cores.length || 1)) / 1000;
		const use = busy / ((time.total || 1) * rows.length);
		body.append(R.el("div", {class: "legend"}, R.el("span", {}, `${R.count(rows.length, "lane")}, in use for ` +
			`${Math.min(100, 100 * use).toFixed(0)} % of ${R.seconds(time.total)}`), R.shadeLegend(model),
			R.el("span", {}, "hatched: pruned, diverged, failed or not at its end")));
	},
});
