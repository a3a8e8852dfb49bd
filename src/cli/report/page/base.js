/* SPDX-License-Identifier: MIT
 *
 * What all parts share: elements, numbers as text, the tooltip, the colours of the scheme, work that
 * may wait for a later frame, and the list of panels.
 *
 * Data come from files that nobody vouches for: they become text nodes, never markup.
 */
const R = {panels: [], timing: {}};

/* ---- Elements ------------------------------------------------------------------ */

R.append = (node, children) => {
	for (const child of children.flat(Infinity))
		if (child !== null && child !== undefined)
			node.append(child instanceof Node ? child : String(child));
	return node;
};

R.el = (tag, attributes = {}, ...children) => {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else if (value !== null && value !== undefined && value !== false)
			node.setAttribute(name, value === true ? "" : value);
	}
	return R.append(node, children);
};

/* Pairs of a name and a value, those without a value left out. */
R.facts = pairs => R.el("dl", {class: "facts"}, pairs.filter(([, value]) => value !== null && value !== undefined &&
	value !== "").map(([name, value]) => [R.el("dt", {}, name), R.el("dd", {}, value)]));

R.code = text => (text ? R.el("code", {}, text) : null);

/* ---- Numbers -------------------------------------------------------------------- */

/* Six digits at most, an exponent where the number is far from 1. */
R.number = x => {
	if (x === null || x === undefined)
		return "–";
	if (typeof x !== "number")
		return String(x);
	if (Number.isInteger(x) && Math.abs(x) < 1e9)
		return String(x);
	const size = Math.abs(x);
	if (size >= 1e9 || size < 1e-4)
		return x.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e");
	return String(Number(x.toPrecision(size >= 1e5 ? 7 : 6)));
};
/* For axes. */
R.tick = x => (x !== 0 && (Math.abs(x) >= 1e6 || Math.abs(x) < 1e-3)
	? x.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e") : String(Number(x.toPrecision(4))));
R.count = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
R.seconds = s => {
	if (!Number.isFinite(s))
		return "–";
	if (s < 1)
		return `${Number((s * 1000).toPrecision(3))} ms`;
	if (s < 120)
		return `${Number(s.toPrecision(3))} s`;
	if (s < 7200)
		return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
	if (s < 1e9)
		return `${Math.floor(s / 3600)} h ${Math.round(s % 3600 / 60)} min`;
	return `${R.number(s / 3600)} h`;
};
R.rate = x => (!Number.isFinite(x) ? "–" : Math.abs(x) < 1e15 ? Math.round(x).toLocaleString("en") : R.number(x));
R.time = text => (text ? text.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC") : null);
R.isNumber = x => typeof x === "number" && Number.isFinite(x);

/* ---- Colours -------------------------------------------------------------------- */

R.colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
R.isDark = () => (document.documentElement.dataset.theme
	? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

/* From the worst, 0, to the best, 1: the best stands out from the page in both schemes. */
R.N_SHADES = 24;
R.shade = goodness => {
	const t = Math.round(goodness * (R.N_SHADES - 1)) / (R.N_SHADES - 1);
	return R.isDark() ? d3.interpolateViridis(0.22 + 0.78 * t) : d3.interpolateViridis(0.92 * (1 - t));
};

/* Listeners draw everything again. */
R.themed = [];
R.redraw = () => R.themed.forEach(draw => draw());
R.setTheme = theme => {
	if (theme)
		document.documentElement.dataset.theme = theme;
	else
		delete document.documentElement.dataset.theme;
	R.redraw();
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", R.redraw);

/* Paper is white, and as wide as it is: charts are drawn for it before it is laid out. Pictures stand in for
 * canvases, whose new content browsers do not print. */
{
	let before;
	window.addEventListener("beforeprint", () => {
		before = document.documentElement.dataset.theme;
		document.body.classList.add("paper");
		R.setTheme("light");
		for (const canvas of document.querySelectorAll("canvas"))
			canvas.after(R.el("img", {class: "picture", alt: "", src: canvas.toDataURL(), width: canvas.clientWidth}));
	});
	window.addEventListener("afterprint", () => {
		document.body.classList.remove("paper");
		for (const picture of document.querySelectorAll("img.picture"))
			picture.remove();
		R.setTheme(before);
	});
}

/* ---- Work that may wait ----------------------------------------------------------- */

/* Each function once, as soon as a frame has time for it: what a brush moves is drawn at once, what
 * follows from it when there is room. */
R.later = (() => {
	const waiting = new Set();
	let isAsked = false;
	function run() {
		const start = performance.now();
		isAsked = false;
		for (const work of waiting) {
			waiting.delete(work);
			work();
			if (performance.now() - start > 4)
				break;
		}
		if (waiting.size)
			ask();
	}
	let pause = 0;
	function ask() {
		if (!isAsked)
			requestAnimationFrame(run);
		isAsked = true;
	}
	/* `rest`: when nothing was asked for so many milliseconds. */
	return (work, rest = 0) => {
		waiting.delete(work);
		waiting.add(work);
		clearTimeout(pause);
		if (rest)
			pause = setTimeout(ask, rest);
		else
			ask();
	};
})();

/* ---- Tooltip ----------------------------------------------------------------------- */

R.tip = (() => {
	const box = R.el("div", {id: "tip", role: "status"});
	document.body.append(box);
	return {
		/* `content` {title, pairs, more}, beside a point of the window. */
		show(x, y, {title, pairs = [], more}) {
			box.replaceChildren(R.el("strong", {}, title),
				R.el("dl", {}, pairs.map(([name, value]) => [R.el("dt", {}, name), R.el("dd", {}, value)])),
				...(more ? [R.el("div", {class: "more"}, more)] : []));
			box.style.display = "block";
			const {width, height} = box.getBoundingClientRect();
			const left = x + 16 + width > innerWidth ? x - 16 - width : x + 16;
			box.style.left = `${Math.max(4, left)}px`;
			box.style.top = `${Math.max(4, Math.min(y + 12, innerHeight - height - 4))}px`;
		},
		hide() { box.style.display = "none"; },
	};
})();

/* ---- Panels ------------------------------------------------------------------------- */

/* A panel is {id, title, question, kind, width, applies(model), build(body, model, controls)}: one chart of a
 * page of that kind, which answers one question; its width, of 12, may follow from the model. They stand in the order in which they are added. */
R.panel = panel => R.panels.push(panel);
