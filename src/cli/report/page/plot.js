/* SPDX-License-Identifier: MIT
 *
 * A plot: canvases for what is many, an SVG for what has text, one size for both. It is drawn again when its width or
 * the scheme changes. Items under the pointer are found by the chart; the arrow keys go through them as well.
 */
R.Plot = class {
	/* options: {height, margin, label, layers, minWidth} */
	constructor(host, {height, margin, label, layers = 2, minWidth = 0}) {
		this.margin = {top: 12, right: 14, bottom: 36, left: 54, ...margin};
		this.height = height;
		this.minWidth = minWidth;
		this.node = R.el("div", {class: "plot", tabindex: 0, role: "img", "aria-label": label});
		this.node.style.height = `${height}px`;
		this.canvases = d3.range(layers).map(() => R.el("canvas"));
		/* Lines of the grid lie below what is drawn, texts and brushes above. */
		this.grid = d3.create("svg").attr("aria-hidden", "true");
		this.svg = d3.create("svg");
		this.axes = this.svg.append("g");
		R.append(this.node, [this.grid.node(), ...this.canvases, this.svg.node()]);
		this.host = R.el("div", {class: minWidth ? "scroll" : ""}, this.node);
		host.append(this.host);
		this.draw = () => {};
	}

	/* `draw` draws all; it is called whenever that is needed. */
	start(draw) {
		this.draw = draw;
		R.themed.push(() => this.layout());
		new ResizeObserver(() => {
			if (this.widthNow() !== this.width)
				this.layout();
		}).observe(this.host);
		this.layout();
	}

	/* Paper cannot be scrolled. */
	widthNow() {
		return document.body.classList.contains("paper") ? this.host.clientWidth
			: Math.max(this.minWidth, this.host.clientWidth);
	}

	layout() {
		this.width = this.widthNow();
		if (!this.width)
			return;
		this.node.style.width = `${this.width}px`;
		this.left = this.margin.left;
		this.right = Math.max(this.left + 10, this.width - this.margin.right);
		this.top = this.margin.top;
		this.bottom = this.height - this.margin.bottom;
		for (const svg of [this.grid, this.svg])
			svg.attr("width", this.width).attr("height", this.height);
		this.draw();
	}

	/* Layer i, empty, in units of the page. */
	layer(i) {
		const canvas = this.canvases[i], ratio = document.body.classList.contains("paper") ? 2 : window.devicePixelRatio || 1;
		const width = Math.round(this.width * ratio), height = Math.round(this.height * ratio);
		if (canvas.width !== width || canvas.height !== height) {
			canvas.width = width;
			canvas.height = height;
			canvas.style.width = `${this.width}px`;
			canvas.style.height = `${this.height}px`;
		}
		const context = canvas.getContext("2d");
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.clearRect(0, 0, this.width, this.height);
		context.lineJoin = "round";
		return context;
	}

	/* Keeps what follows inside of the axes; the caller restores. */
	clip(context, slack = 0) {
		context.save();
		context.beginPath();
		context.rect(this.left - slack, this.top - slack, this.right - this.left + 2 * slack,
			this.bottom - this.top + 2 * slack);
		context.clip();
	}

	/* Both axes with their names. */
	drawAxes(x, y, {xName, yName, xTicks, yTicks} = {}) {
		this.axes.selectAll("*").remove();
		this.grid.selectAll("*").remove();
		const nx = Math.max(2, Math.min(xTicks || 10, Math.floor((this.right - this.left) / 75)));
		const ny = Math.max(2, Math.min(yTicks || 8, Math.floor((this.bottom - this.top) / 38)));
		if (y)
			this.drawTicks(R.ticksOf(y, ny), y, true);
		if (x)
			this.drawTicks(R.ticksOf(x, nx), x, false);
		if (xName)
			this.axes.append("text").attr("class", "axis-name").attr("x", this.right).attr("y", this.height - 3)
				.attr("text-anchor", "end").text(xName);
		if (yName)
			this.axes.append("text").attr("class", "axis-name").attr("x", 2).attr("y", 10).text(yName);
	}

	drawTicks(ticks, scale, isY) {
		const wide = isY ? Infinity : (this.right - this.left) / Math.max(1, ticks.filter(({text}) => text).length);
		for (const {value, text} of ticks) {
			const at = scale(value), tick = this.axes.append("g").attr("class", "tick");
			const line = this.grid.append("g").attr("class", text ? "tick" : "tick minor").append("line");
			if (isY)
				line.attr("x1", this.left).attr("x2", this.right).attr("y1", at).attr("y2", at);
			else
				line.attr("x1", at).attr("x2", at).attr("y1", text ? this.top : this.bottom - 4).attr("y2", this.bottom);
			if (text && isY)
				tick.append("text").attr("x", this.left - 7).attr("y", at).attr("dy", "0.32em")
					.attr("text-anchor", "end").text(R.shorten(text, 9));
			else if (text)
				tick.append("text").attr("x", at).attr("y", this.bottom + 15).attr("text-anchor", "middle")
					.text(R.shorten(text, Math.max(3, Math.floor(wide / 6.2))));
		}
	}

	/* finder: {nearest(x, y), order(), place(item), describe(item), trial(item), enter(item), leave()}, of which
	 * only the first four must be there. */
	watch(model, finder) {
		let shown = null;
		const point = event => {
			const box = this.node.getBoundingClientRect();
			return [event.clientX - box.left, event.clientY - box.top];
		};
		const show = (item, x, y) => {
			if (!item && !shown)
				return; /* the tooltip may be another chart's */
			shown = item;
			if (!item) {
				R.tip.hide();
				if (model && model.hover)
					model.hover(null);
				if (finder.leave)
					finder.leave();
				return;
			}
			const box = this.node.getBoundingClientRect();
			const [atX, atY] = x === undefined ? finder.place(item) : [x, y];
			R.tip.show(box.left + atX, box.top + atY, finder.describe(item));
			if (finder.trial)
				model.hover(finder.trial(item));
			if (finder.enter)
				finder.enter(item);
		};
		this.node.addEventListener("pointermove", event => {
			if (event.buttons)
				return;
			const [x, y] = point(event);
			show(finder.nearest(x, y), x, y);
		});
		this.node.addEventListener("pointerleave", () => show(null));
		this.node.addEventListener("blur", () => show(null));
		this.node.addEventListener("click", event => {
			const item = finder.trial && finder.nearest(...point(event));
			if (item)
				model.pin(finder.trial(item));
		});
		this.node.addEventListener("keydown", event => {
			if (event.target !== this.node)
				return;
			const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1}[event.key];
			const items = step ? finder.order() : [];
			if (items.length) {
				const at = items.indexOf(shown);
				show(items[(at < 0 ? (step > 0 ? 0 : items.length - 1) : at + step + items.length) % items.length]);
				event.preventDefault();
			} else if (event.key === "Enter" && shown && finder.trial) {
				model.pin(finder.trial(shown));
			} else if (event.key === "Escape") {
				show(null);
			}
		});
	}
};

R.shorten = (text, n) => (text.length > n ? text.slice(0, Math.max(1, n - 1)) + "…" : text);

/* A quadtree of items with {x, y}, or nothing within so many pixels. */
R.nearestPoint = (items, reach = 24) => {
	const tree = d3.quadtree().x(item => item.x).y(item => item.y).addAll(items);
	return (x, y) => tree.find(x, y, reach) || null;
};
