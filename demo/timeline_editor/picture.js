// A picture that a segment starts from: chosen, dropped or pasted, cut to a square that can be moved.

const PICTURE_PIXELS = 256;
const CROP_PIXELS = 120; // on the short side of the picture in which the square is moved
const pictureFile = find(".picture-file");
const cropStage = find(".crop-stage");
const cropWhole = find(".crop-whole");
const cropWindow = find(".crop-window");
const KEPT_PIXELS = 640; // on the short side of a picture whose crop can be moved
// Pictures whose crop can still be moved, by the data URL that came of them: {sheet, address, part}, with the part of the
// way, 0 to 1, by which the square has moved along the longer side.
const crops = new Map();
let cropDrag = null;

async function takePicture(file, id) {
  if (!file?.type.startsWith("image/") || !id) return;
  let sheet;
  try {
    sheet = await readSheet(file);
  } catch {
    refuse(`“${file.name}” is no picture that can be read here. Use a JPEG, PNG or WebP file.`);
    return;
  }
  const blob = await new Promise((resolve) => sheet.toBlob(resolve, "image/jpeg", 0.9));
  const crop = { sheet, address: URL.createObjectURL(blob), part: 0.5 };
  const picture = cutSquare(crop);
  if (indexOf(doc, id) < 0) return;
  crops.set(picture, crop);
  if (edit(withPicture(doc, id, picture), "The segment starts from a picture", id)) unfold("picture", true);
}

function paper(width, height) {
  const sheet = document.createElement("canvas");
  sheet.width = Math.round(width);
  sheet.height = Math.round(height);
  const context = sheet.getContext("2d");
  context.fillStyle = "#fff"; // behind a picture with holes
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.imageSmoothingQuality = "high";
  return [sheet, context];
}

// The picture, no larger than needed: a camera's would fill the memory.
async function readSheet(file) {
  const bitmap = await createImageBitmap(file);
  const factor = Math.min(1, KEPT_PIXELS / Math.min(bitmap.width, bitmap.height));
  const [sheet, context] = paper(bitmap.width * factor, bitmap.height * factor);
  context.drawImage(bitmap, 0, 0, sheet.width, sheet.height);
  bitmap.close();
  return sheet;
}

function cutSquare({ sheet, part }) {
  const side = Math.min(sheet.width, sheet.height);
  const [square, context] = paper(PICTURE_PIXELS, PICTURE_PIXELS);
  const [x, y] = [(sheet.width - side) * part, (sheet.height - side) * part];
  context.drawImage(sheet, x, y, side, side, 0, 0, PICTURE_PIXELS, PICTURE_PIXELS);
  const webp = square.toDataURL("image/webp", 0.92);
  return webp.startsWith("data:image/webp") ? webp : square.toDataURL("image/jpeg", 0.92);
}

function drawPicture(segment) {
  const shown = isPicture(segment.picture) ? segment.picture : null;
  find("[data-do=fold-picture]").classList.toggle("used", shown !== null);
  find(".drop").hidden = shown !== null;
  find(".crop").hidden = shown === null;
  if (!shown) return;
  const crop = cropDrag?.crop ?? crops.get(shown);
  const movable = crop !== undefined && crop.sheet.width !== crop.sheet.height;
  const result = find(".crop-result");
  if (result.address !== shown) result.src = result.address = shown;
  cropStage.hidden = !movable;
  setText(find(".crop-text"), movable ? "Move the square over the part that the segment starts with." : "The segment starts with this picture.");
  if (!movable) return;
  if (cropWhole.address !== crop.address) cropWhole.src = cropWhole.address = crop.address;
  const { width, height } = crop.sheet;
  const side = Math.min(width, height);
  const shrink = Math.min(CROP_PIXELS / side, (1.8 * CROP_PIXELS) / Math.max(width, height));
  cropStage.style.width = `${width * shrink}px`;
  cropStage.style.height = `${height * shrink}px`;
  cropWindow.style.width = `${(100 * side) / width}%`;
  cropWindow.style.left = `${((100 * (width - side)) / width) * crop.part}%`;
  cropWindow.style.height = `${(100 * side) / height}%`;
  cropWindow.style.top = `${((100 * (height - side)) / height) * crop.part}%`;
  cropWindow.setAttribute("aria-orientation", width > height ? "horizontal" : "vertical");
  cropWindow.setAttribute("aria-valuenow", Math.round(100 * crop.part));
}

function placeCrop(crop, part) {
  const moved = { ...crop, part: Math.max(0, Math.min(1, part)) };
  const picture = cutSquare(moved);
  crops.set(picture, moved);
  return edit(changed(doc, selected, { picture }), "Picture moved");
}

cropWindow.addEventListener("pointerdown", (event) => {
  const crop = crops.get(selectedSegment()?.picture);
  if (!crop || event.button !== 0) return;
  cropWindow.setPointerCapture(event.pointerId);
  cropDrag = { crop: { ...crop }, from: crop.part, x: event.clientX, y: event.clientY };
});
cropWindow.addEventListener("pointermove", (event) => {
  if (!cropDrag) return;
  const { width, height } = cropStage.getBoundingClientRect();
  const room = Math.abs(width - height);
  const moved = width > height ? event.clientX - cropDrag.x : event.clientY - cropDrag.y;
  cropDrag.crop.part = Math.max(0, Math.min(1, cropDrag.from + moved / room));
  drawPicture(selectedSegment());
});
cropWindow.addEventListener("pointerup", () => {
  if (!cropDrag) return;
  const { crop, from } = cropDrag;
  cropDrag = null;
  if (crop.part !== from) placeCrop(crop, crop.part);
});
cropWindow.addEventListener("pointercancel", () => {
  cropDrag = null;
  draw();
});
cropWindow.addEventListener("keydown", (event) => {
  const crop = crops.get(selectedSegment()?.picture);
  const by = { ArrowLeft: -0.05, ArrowUp: -0.05, ArrowRight: 0.05, ArrowDown: 0.05 }[event.key];
  if (!crop || !by || event.ctrlKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  placeCrop(crop, crop.part + by);
});

pictureFile.addEventListener("change", () => {
  takePicture(pictureFile.files[0], selected);
  pictureFile.value = "";
});

function imageOf(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));
}

function dropTarget(event) {
  return event.target.closest?.(".segment")?.dataset.id ?? (event.target.closest?.(".inspector") ? selected : null);
}

element.addEventListener("dragover", (event) => {
  const carries = [...(event.dataTransfer?.items ?? [])].some((item) => item.kind === "file" && item.type.startsWith("image/"));
  const id = carries ? dropTarget(event) : null;
  for (const node of nodes.values()) node.classList.toggle("target", node.dataset.id === id);
  find(".drop").classList.toggle("target", id === selected);
  if (!id) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
});
function forgetTarget() {
  for (const node of element.querySelectorAll(".target")) node.classList.remove("target");
}
element.addEventListener("dragleave", (event) => !element.contains(event.relatedTarget) && forgetTarget());
element.addEventListener("drop", (event) => {
  forgetTarget();
  const file = imageOf(event.dataTransfer);
  const id = dropTarget(event);
  if (!file || !id) return;
  event.preventDefault();
  event.stopPropagation();
  takePicture(file, id);
});
document.addEventListener("paste", (event) => {
  const file = imageOf(event.clipboardData);
  if (!file || !element.isConnected || !selected || !isOurs(event.target)) return;
  event.preventDefault();
  takePicture(file, selected);
});
