/* SPDX-License-Identifier: MIT
 *
 * States of trials have a shape as well as a colour, the same in all charts.
 */
R.states = ["done", "pruned", "diverged", "failed", "running", "paused"];
R.stateNotes = {
	done: "done", pruned: "pruned: ended early by its scheduler", diverged: "diverged: left the finite numbers",
	failed: "failed", running: "running, or interrupted", paused: "paused at a rung",
};

/* Adds the outline of a state's mark to a path. Filled are those that R.isFilled() names. */
R.outline = (path, state, x, y, r) => {
	switch (state) {
	case "pruned":
		path.moveTo(x, y - 1.25 * r);
		path.lineTo(x + 1.25 * r, y);
		path.lineTo(x, y + 1.25 * r);
		path.lineTo(x - 1.25 * r, y);
		path.closePath();
		break;
	case "diverged":
		path.moveTo(x - r, y - r);
		path.lineTo(x + r, y + r);
		path.moveTo(x - r, y + r);
		path.lineTo(x + r, y - r);
		break;
	case "failed":
		path.moveTo(x - r, y - r);
		path.lineTo(x + r, y - r);
		path.lineTo(x + r, y + r);
		path.lineTo(x - r, y + r);
		path.closePath();
		break;
	case "running":
		path.moveTo(x - 0.8 * r, y - 1.1 * r);
		path.lineTo(x + 1.2 * r, y);
		path.lineTo(x - 0.8 * r, y + 1.1 * r);
		path.closePath();
		break;
	case "paused":
		path.moveTo(x - 0.5 * r, y - r);
		path.lineTo(x - 0.5 * r, y + r);
		path.moveTo(x + 0.5 * r, y - r);
		path.lineTo(x + 0.5 * r, y + r);
		break;
	default:
		path.moveTo(x + r, y);
		path.arc(x, y, r, 0, 2 * Math.PI);
	}
};
R.isFilled = state => state === "done";

/* Draws many marks, one path a style. `items` have {state, x, y, colour}. */
R.drawMarks = (context, items, r, alpha = 1) => {
	const groups = new Map();
	for (const item of items) {
		const key = `${item.state} ${item.colour}`;
		if (!groups.has(key))
			groups.set(key, []);
		groups.get(key).push(item);
	}
	context.save();
	context.globalAlpha = alpha;
	context.lineWidth = 1.4;
	for (const group of groups.values()) {
		const {state, colour} = group[0];
		context.beginPath();
		for (const {x, y} of group)
			R.outline(context, state, x, y, r);
		context.fillStyle = context.strokeStyle = colour;
		if (R.isFilled(state))
			context.fill();
		else
			context.stroke();
	}
	context.restore();
};

/* Around the trials that are pinned and pointed at. */
R.drawRings = (context, items, model, r) => {
	for (const trial of [model.pinned, model.hovered]) {
		const item = trial && items.find(one => one.trial === trial);
		if (!item)
			continue;
		context.strokeStyle = R.colour("mark");
		context.lineWidth = 2;
		context.beginPath();
		context.arc(item.x, item.y, r, 0, 2 * Math.PI);
		context.stroke();
	}
};

R.stateIcon = state => {
	const path = d3.path();
	R.outline(path, state, 7, 7, 4);
	const icon = d3.create("svg").attr("width", 14).attr("height", 14).attr("aria-hidden", "true");
	icon.append("path").attr("d", path.toString()).style("stroke", `var(--${state})`).style("stroke-width", 1.6)
		.style("fill", R.isFilled(state) ? `var(--${state})` : "none");
	return icon.node();
};

/* Of the states that there are. */
R.stateLegend = model => R.states.filter(state => model.counts[state]).map(state =>
	R.el("span", {}, R.stateIcon(state), R.stateNotes[state]));

R.shadeLegend = model => {
	const ramp = R.el("i", {class: "ramp"});
	const paint = () => {
		const stops = d3.range(0, 1.01, 0.1).map(t => R.shade(t));
		ramp.style.background = `linear-gradient(to right, ${stops.join(",")})`;
	};
	paint();
	R.themed.push(paint);
	return R.el("span", {}, "worst", ramp, `best ${model.metric}`);
};
