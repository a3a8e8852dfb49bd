/* SPDX-License-Identifier: MIT
 *
 * The log of one run: its curves, its epochs, its speed, and the job. A log may have several starts, when
 * the job was gone on with.
 */
R.Run = class {
	constructor(data) {
		const of = name => data.events.filter(event => event.event === name);
		this.starts = of("start");
		this.start = this.starts[0] || null;
		this.last = this.starts[this.starts.length - 1] || null;
		this.ends = of("end");
		this.end = data.events[data.events.length - 1].event === "end" ? this.ends[this.ends.length - 1] : null;
		this.choice = of("choice").pop() || null;
		this.checkpoints = of("checkpoint");
		this.isCut = data.cut;
		/* What was trained again after a checkpoint counts once, as it was at last. */
		const byEpoch = new Map(of("epoch").filter(event => R.isNumber(event.epoch)).map(event => [event.epoch, event]));
		this.epochs = [...byEpoch.values()].sort((a, b) => a.epoch - b.epoch);
		this.best = this.epochs.filter(epoch => epoch.best).pop() || null;
	}

	series(list) {
		return list.map(([name, get]) => ({name, points: this.epochs.map(epoch => [epoch.epoch, get(epoch)])
			.filter(([, y]) => R.isNumber(y))})).filter(({points}) => points.length);
	}
};

/* Lines over epochs with a cursor that reads all of them. */
R.lineChart = (body, run, series, {name, height = 260, isLog, fromZero}) => {
	const plot = new R.Plot(body, {height, margin: {top: 22, left: 66}, label: `${name} by epoch`, layers: 2});
	const all = series.flatMap(({points}) => points.map(([, y]) => y));
	const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]];
	let x;
	const valueAt = (points, epoch) => (points.find(([at]) => at === epoch) || [])[1];
	plot.start(() => {
		const extent = d3.extent(all), pad = (extent[1] - extent[0]) * 0.05;
		x = R.wholeScale(d3.extent(run.epochs, epoch => epoch.epoch), [plot.left, plot.right]);
		const y = R.numberScale(isLog, isLog ? extent : [fromZero ? 0 : extent[0] - pad, extent[1] + pad],
			[plot.bottom, plot.top]);
		plot.drawAxes(x, y, {xName: "epoch", yName: name});
		const context = plot.layer(0);
		series.forEach(({points}, i) => {
			context.strokeStyle = context.fillStyle = R.colour(`series-${i % 4}`);
			context.lineWidth = 2;
			context.setLineDash(dashes[i % 4]);
			context.beginPath();
			points.forEach(([epoch, value], k) => (k ? context.lineTo(x(epoch), y(value)) : context.moveTo(x(epoch), y(value))));
			context.stroke();
			context.setLineDash([]);
			if (points.length < 60)
				for (const [epoch, value] of points) {
					context.beginPath();
					context.arc(x(epoch), y(value), 2.4, 0, 2 * Math.PI);
					context.fill();
				}
		});
		if (run.best && series.length > 1) {
			plot.axes.append("path").attr("d", `M${x(run.best.epoch)},${plot.top}V${plot.bottom}`)
				.style("stroke", "var(--mark)").style("stroke-dasharray", "2 3");
			plot.axes.append("text").attr("x", x(run.best.epoch)).attr("y", plot.top - 3).attr("text-anchor", "middle").text("best");
		}
		plot.layer(1);
	});
	plot.watch(null, {
		nearest: atX => run.epochs[d3.scan(run.epochs, (a, b) => Math.abs(x(a.epoch) - atX) - Math.abs(x(b.epoch) - atX))],
		order: () => run.epochs, place: epoch => [x(epoch.epoch), plot.top + 10],
		describe: epoch => ({title: `epoch ${epoch.epoch}`, pairs: series.map(one =>
			[one.name, R.number(valueAt(one.points, epoch.epoch))])}),
		enter(epoch) {
			const context = plot.layer(1);
			context.strokeStyle = R.colour("soft");
			context.beginPath();
			context.moveTo(x(epoch.epoch), plot.top);
			context.lineTo(x(epoch.epoch), plot.bottom);
			context.stroke();
		},
		leave: () => plot.layer(1),
	});
	if (series.length > 1)
		body.append(R.el("div", {class: "legend"}, series.map(({name: own}, i) => {
			const icon = d3.create("svg").attr("width", 26).attr("height", 10);
			icon.append("path").attr("d", "M0,5H26").style("stroke", `var(--series-${i % 4})`).style("stroke-width", 2)
				.style("stroke-dasharray", dashes[i % 4].join(" ") || null);
			return R.el("span", {}, icon.node(), own);
		})));
};

R.panel({
	id: "outcome", title: "Outcome", kind: "run",
	question: "How did it end, and how good is it?",
	applies: () => true,
	build(body, run) {
		const {end, last, epochs} = run, final = epochs[epochs.length - 1];
		const tile = (value, name) => R.el("div", {class: "tile"}, R.el("b", {}, value), R.el("span", {}, name));
		const speeds = epochs.map(epoch => epoch.samples_per_second).filter(R.isNumber);
		const measured = final && (final.test || final.validation);
		body.append(R.el("div", {class: "tiles"},
			tile(end ? end.status : "no end", end ? "status" : "it runs, or was killed"),
			tile(final ? final.epoch : 0, last && last.job ? `of ${last.job.epochs} epochs` : "epochs"),
			final ? tile(R.number(final.loss), "training loss") : null,
			measured ? tile(R.number(measured.accuracy), `accuracy, ${final.test ? "test" : "validation"}`) : null,
			run.best ? tile(run.best.epoch, "best epoch") : null,
			speeds.length ? tile(R.rate(d3.median(speeds)), "samples a second, median") : null,
			end && R.isNumber(end.seconds) ? tile(R.seconds(end.seconds), "in all") : null));
		R.append(body, [end && end.message ? R.el("p", {class: "note"}, end.message) : null,
			run.isCut ? R.el("p", {class: "note"}, "The last line of the log is not whole, and is left out.") : null,
			run.starts.length > 1 ? R.el("p", {class: "note"}, `Gone on with ${R.count(run.starts.length - 1, "time")}.`) : null,
			end && end.fingerprint ? R.el("p", {class: "note"}, "fingerprint ", R.code(end.fingerprint)) : null]);
	},
});

R.panel({
	id: "loss", title: "Loss", kind: "run", width: 6,
	question: "Does it still learn, and does it overfit?",
	applies: run => run.epochs.length > 0,
	build(body, run) {
		const series = run.series([["training", epoch => epoch.loss], ["validation", epoch => (epoch.validation || {}).loss],
			["test", epoch => (epoch.test || {}).loss]]);
		const values = series.flatMap(({points}) => points.map(([, y]) => y));
		R.lineChart(body, run, series, {name: "loss", isLog: d3.min(values) > 0 && d3.max(values) / d3.min(values) > 30});
	},
});

R.panel({
	id: "accuracy", title: "Accuracy", kind: "run", width: 6,
	question: "How often is it right on rows that it did not train on?",
	applies: run => run.epochs.some(epoch => epoch.validation || epoch.test),
	build(body, run) {
		R.lineChart(body, run, run.series([["validation", epoch => (epoch.validation || {}).accuracy],
			["test", epoch => (epoch.test || {}).accuracy],
			["validation, labels", epoch => (epoch.validation || {}).label_accuracy],
			["test, labels", epoch => (epoch.test || {}).label_accuracy]]), {name: "accuracy"});
	},
});

R.panel({
	id: "learning-rate", title: "Learning rate", kind: "run", width: 6,
	question: "Which schedule did it follow?",
	applies: run => run.epochs.some(epoch => R.isNumber(epoch.learning_rate)),
	build: (body, run) => R.lineChart(body, run, run.series([["learning rate", epoch => epoch.learning_rate]]),
		{name: "learning rate", height: 200, fromZero: true}),
});

R.panel({
	id: "throughput", title: "Throughput", kind: "run", width: 6,
	question: "Was the machine its own all the time?",
	applies: run => run.epochs.some(epoch => R.isNumber(epoch.samples_per_second)),
	build: (body, run) => R.lineChart(body, run, run.series([["samples a second", epoch => epoch.samples_per_second]]),
		{name: "samples a second", height: 200, fromZero: true}),
});

R.panel({
	id: "epochs", title: "Epochs", kind: "run", isLong: true,
	question: "What were the numbers?",
	applies: run => run.epochs.length > 0,
	build(body, run) {
		const columns = [["epoch", epoch => epoch.epoch], ["steps", epoch => epoch.steps], ["loss", epoch => epoch.loss],
			["validation loss", epoch => (epoch.validation || {}).loss], ["validation accuracy", epoch => (epoch.validation || {}).accuracy],
			["test loss", epoch => (epoch.test || {}).loss], ["test accuracy", epoch => (epoch.test || {}).accuracy],
			["learning rate", epoch => epoch.learning_rate], ["seconds", epoch => epoch.train_seconds],
			["samples/s", epoch => epoch.samples_per_second && Math.round(epoch.samples_per_second)]]
			.filter(([, get]) => run.epochs.some(epoch => R.isNumber(get(epoch))));
		const table = R.el("table", {}, R.el("thead", {}, R.el("tr", {}, columns.map(([name]) => R.el("th", {scope: "col"}, name)))),
			R.el("tbody", {}, run.epochs.map(epoch => R.el("tr", {}, columns.map(([, get]) =>
				R.el("td", {}, R.number(get(epoch)), get === columns[0][1] && epoch === run.best ? " (best)" : ""))))));
		body.append(R.el("details", {open: run.epochs.length <= 40}, R.el("summary", {}, R.count(run.epochs.length, "epoch")),
			R.el("div", {class: "table"}, table)));
	},
});

R.panel({
	id: "job", title: "Job and machine", kind: "run", isLong: true,
	question: "What was trained, on what, and how is it trained again?",
	applies: run => run.last !== null,
	build(body, run) {
		const {last} = run, {machine = {}, data = {}} = last;
		const part = rows => (rows ? [`${R.count(rows.rows, "row")}, `, R.code(rows.digest)] : null);
		const known = Object.entries(last.job || {}).filter(([, value]) => value !== null);
		body.append(R.el("div", {class: "columns"},
			R.el("div", {}, R.el("h3", {}, "Options of the job"), R.facts(known.map(([name, value]) => [`--${name}`, String(value)]))),
			R.el("div", {}, R.el("h3", {}, "Run"), R.facts([["workers", last.workers], ["split", last.split], ["engine", last.engine],
				["instruction set", last.isa], ["bind", last.bind], ["steps an epoch", last.steps_per_epoch],
				["parameters", last.parameters], ["started", R.time(last.time)],
				["gone on from", last.resumed && last.resumed.file],
				["tried", run.choice && run.choice.tried && R.count(run.choice.tried.length, "way")],
				["checkpoints", run.checkpoints.length || null]])),
			R.el("div", {}, R.el("h3", {}, "Machine"), R.facts([["processor", machine.cpu], ["cores", machine.cores],
				["NUMA nodes", machine.numa_nodes], ["CPU quota", machine.cpu_quota], ["compiler", last.compiler],
				["Lockstep", last.version], ["arithmetic", last.arithmetic]])),
			R.el("div", {}, R.el("h3", {}, "Data (SHA-256)"), R.facts([["training", part(data.train)], ["test", part(data.test)]]))));
	},
});
