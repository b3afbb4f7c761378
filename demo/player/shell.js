// Puts the player's markup and style on the page, once.
element.innerHTML = MARKUP;
const sheet = document.createElement("style");
sheet.textContent = `#${element.id} { ${STYLE} }`;
document.head.append(sheet);
