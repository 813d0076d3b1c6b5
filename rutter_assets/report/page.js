// Draws the charts in the page's own colours, again when the scheme or the merchant changes; filters the tables.
"use strict";

const page = JSON.parse(document.getElementById("data").textContent);
const isDark = matchMedia("(prefers-color-scheme: dark)");
const merchant = document.getElementById("merchant");
const drawn = new Map();

function config() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const ink = colour("ink-soft");
  const isNarrow = innerWidth < 700;
  return {
    background: "transparent",
    font: style.getPropertyValue("--font").trim(),
    view: { stroke: null },
    axis: {
      labelColor: ink, titleColor: ink, gridColor: colour("line"), domainColor: colour("line"),
      tickColor: colour("line"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
    },
    axisY: { domain: false, ticks: false, labelLimit: isNarrow ? 150 : 280 },
    legend: {
      labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
      columns: isNarrow ? 1 : 4, titleOrient: isNarrow ? "top" : "left",
    },
    range: {
      category: [colour("known"), colour("half-known"), colour("little-known")],
      heatmap: [colour("of-day"), colour("trailing")],
      ramp: [colour("oldest"), colour("newest")],
    },
    style: {
      tick: { color: colour("ink") },
      lost: { color: colour("lost") },
      untold: { color: ink, fontSize: 12, fontStyle: "italic" },
      trailing: { color: colour("trailing"), strokeWidth: 2.5 },
      month: { strokeWidth: 1.5 },
      all_months: { color: colour("ink"), strokeWidth: 3.5 },
    },
  };
}

async function draw(id, rows) {
  const place = document.getElementById(id);
  drawn.get(id)?.finalize();
  drawn.delete(id);
  place.classList.toggle("empty", rows.length === 0);
  if (rows.length === 0) {
    place.textContent = place.dataset.empty;
    return;
  }
  drawn.set(id, await vegaEmbed(place, { ...page.charts[id], datasets: { rows } }, {
    actions: false, renderer: "svg", config: config(), tooltip: { theme: isDark.matches ? "dark" : "light" },
  }));
}

async function drawMerchant() {
  const series = page.merchants[merchant.value];
  await draw("refund-chart", series ? series.days : []);
  await draw("cohort-chart", series ? series.cohorts : []);
}

async function drawAll() {
  await draw("fee-chart", page.fees);
  await drawMerchant();
  await draw("chargeback-chart", page.chargebacks);
  document.documentElement.dataset.drawn = isDark.matches ? "dark" : "light";
}

function filter(text) {
  const wanted = text.toLowerCase();
  for (const row of document.querySelectorAll("tbody tr")) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }
}

page.merchants.forEach((one, index) => merchant.add(new Option(one.label, index)));
merchant.addEventListener("change", drawMerchant);
isDark.addEventListener("change", drawAll);
document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
drawAll();
