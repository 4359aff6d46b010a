// Looks at the pages of the site, each in a frame of a desktop's and of a phone's width, and writes what is wrong.
// `pages` and `widths` are set by the test. The result is a list in JSON in the element `result`.

const MARGIN = 1; // of a pixel, by which browsers round
const LEAST_CONTRAST = 4.5; // WCAG 2.2, level AA

function channels(color) {
  const numbers = color.match(/[\d.]+/g).map(Number);
  const scale = color.startsWith("color(") ? 1 : 255;
  return { rgb: numbers.slice(0, 3).map((n) => n / scale), alpha: numbers.length > 3 ? numbers[3] : 1 };
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function background(element) {
  for (let e = element; e; e = e.parentElement) {
    const { rgb, alpha } = channels(getComputedStyle(e).backgroundColor);
    if (alpha > 0.99) return rgb;
  }
  return [1, 1, 1];
}

function contrast(element) {
  const style = getComputedStyle(element);
  const [a, b] = [channels(element.closest("svg") ? style.fill : style.color).rgb, background(element)].map(luminance);
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function overflowing(page) {
  const root = page.documentElement;
  return root.scrollWidth > root.clientWidth + MARGIN ? [`wider than the screen: ${root.scrollWidth} of ${root.clientWidth}`] : [];
}

// The texts of a drawing that lie over each other, and those that are cut off.
function crowded(page) {
  const problems = [];
  for (const drawing of page.querySelectorAll("svg.drawing")) {
    const frame = drawing.getBoundingClientRect();
    const boxes = [...drawing.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    boxes.forEach(([text, box], i) => {
      if (box.left < frame.left - MARGIN || box.right > frame.right + MARGIN) problems.push(`cut off: ${text}`);
      for (const [other, there] of boxes.slice(i + 1)) {
        const width = Math.min(box.right, there.right) - Math.max(box.left, there.left);
        const height = Math.min(box.bottom, there.bottom) - Math.max(box.top, there.top);
        if (width > MARGIN && height > 4) problems.push(`over each other: ${text} and ${other}`);
      }
    });
  }
  return problems;
}

function pale(page, theme) {
  page.body.dataset.theme = theme;
  const texts = page.querySelectorAll(
    "article p, article td, article li, article code, article pre span, article a:not(svg a), article svg text, .sidebar-tree a",
  );
  const problems = [...texts].filter((e) => e.textContent.trim() && e.checkVisibility() && contrast(e) < LEAST_CONTRAST);
  return [...new Set(problems.map((e) => `pale in ${theme}: ${e.tagName} ${e.getAttribute("class")} ${contrast(e).toFixed(1)}`))];
}

async function look(path, width) {
  const frame = document.createElement("iframe");
  frame.width = width;
  frame.height = 800;
  frame.src = path;
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  document.body.append(frame);
  await loaded;
  const page = frame.contentDocument;
  const problems = [...overflowing(page), ...crowded(page)];
  if (width === widths[0]) problems.push(...pale(page, "light"), ...pale(page, "dark"));
  frame.remove();
  return problems.map((problem) => `${path} at ${width}: ${problem}`);
}

(async () => {
  const problems = [];
  for (const path of pages) for (const width of widths) problems.push(...(await look(path, width)));
  const result = document.createElement("pre");
  result.id = "result";
  result.textContent = JSON.stringify({ looks: pages.length * widths.length, problems });
  document.body.append(result);
})().catch((error) => {
  document.body.append(`failed: ${error}`);
});
