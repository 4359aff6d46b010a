// Asks the search of the site for each of `questions`, each in a frame of its own, and writes the pages that it lists,
// in their order. `questions` is set by the test. The result is an object in JSON in the element `result`.

const LISTED = /finished|found|did not match/i; // the summary when the search has ended

function ask(words) {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.src = `search.html?q=${encodeURIComponent(words)}`;
    document.body.append(frame);
    const timer = setInterval(() => {
      const results = frame.contentDocument?.getElementById("search-results");
      if (!LISTED.test(results?.querySelector(".search-summary")?.textContent ?? "")) return;
      clearInterval(timer);
      const links = [...results.querySelectorAll("ul.search a")].map((a) => a.getAttribute("href").split(/[#?]/)[0]);
      frame.remove();
      resolve([...new Set(links)]);
    }, 50);
  });
}

async function answers() {
  const found = {};
  for (const words of questions) found[words] = await ask(words);
  const pre = document.createElement("pre");
  pre.id = "result";
  pre.textContent = JSON.stringify(found);
  document.body.append(pre);
}

addEventListener("load", answers);
