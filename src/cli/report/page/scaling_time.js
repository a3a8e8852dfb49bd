/* SPDX-License-Identifier: MIT
 *
 * What was measured: the time of a step by workers.
 */

/* From -0.5 to 0.5, another one a block, the same each time. */
R.jitter = block => (block * 0.618034) % 1 - 0.5;

R.panel({
	id: "scaling-time", title: "Time of a step", kind: "scaling", width: 6,
	question: "How long does a step take, and how sure is that?",
	applies: () => true,
	build(body, model, controls) {
		const get = level => level.step;
		R.workersControls(controls, model, false);
		R.scalingPlot(body, model, {id: "time", height: 330, label: "time of a step by workers", draw(plot, over) {
			const x = R.workersAxis(plot, model, false), shown = model.shown();
			const raw = shown.flatMap(({points}) => points.flatMap(({level}) => level.seconds));
			const [low, high] = d3.extent(raw.length ? raw : [1, 2]), unit = R.timeUnit([low, high]);
			const isLog = high / low > 6;
			const y = R.numberScale(isLog, (isLog ? [low / 1.1, high * 1.1] : [0, high * 1.06]).map(s => s * unit.factor),
				[plot.bottom, plot.top]);
			plot.y = y;
			plot.drawAxes(x, y, {xName: "workers", yName: `${unit.name} a step`});
			const room = R.levelRoom(model.points, x), {lane, shift} = R.lanesOf(model, x, 16, 0.8);
			const context = plot.layer(0);
			context.globalAlpha = raw.length > 3000 ? 0.25 : 0.4;
			for (const series of shown) {
				context.fillStyle = R.seriesColour(series.index);
				context.beginPath();
				for (const {level} of series.points)
					level.seconds.forEach((seconds, block) => {
						const atX = x(level.workers) + shift(series) + R.jitter(block) * 0.9 * lane,
							atY = y(seconds * unit.factor);
						const r = room < 6 ? 0.9 : 1.8;
						context.moveTo(atX + r, atY);
						context.arc(atX, atY, r, 0, 2 * Math.PI);
					});
				context.fill();
			}
			context.globalAlpha = 1;
			return R.drawLevels(plot, over, model, x, y, get, {joins: true, shift, factor: unit.factor});
		}});
		R.seriesLegend(body, model, ["dots: all measurements", ...R.levelNotes(model)]);
		R.append(body, [R.intervalsNote(model)]);
	},
});
