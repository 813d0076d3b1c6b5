// Every visible text of the page whose contrast with what lies behind it is too low, by WCAG 2.2, level AA.
() => {
  const rgba = (colour) => colour.match(/[\d.]+/g).map(Number); // computed colours are all rgb() or rgba()
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  let count = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || !element.getClientRects().length) continue;
    count += 1;
    const style = getComputedStyle(element);
    const [light, dark] = [rgba(element.closest("svg") ? style.fill : style.color), behind(element)]
      .map(luminance).sort((a, b) => b - a);
    if ((light + 0.05) / (dark + 0.05) < 4.5) faint.push(texts.currentNode.data.trim());
  }
  return { count, faint };
}
