// What comes from the server and from the rest of the page. The names are taken from an object's keys because a quoted
// name in these files would be taken for an event.

watch("value", takeValue);
watch(Object.keys({ run: 0 }), readRun);
watch(Object.keys({ progress: 0 }), readProgress);
watch(Object.keys({ variations: 0 }), readVariations);
watch(Object.keys({ words: 0 }), readWords);
watch(Object.keys({ shape: 0 }), drawSoon);

window.addEventListener("phenaki:time", (event) => takeTime(event.detail?.seconds));
window.addEventListener("phenaki:generate", () => element.isConnected && generate());
window.addEventListener("phenaki:settings", (event) => takeSettings(event.detail));
// What has been typed is committed before anything outside the editor is pressed or the page goes.
window.addEventListener("pagehide", finishBurst);

new ResizeObserver(() => {
  viewWidth = scroller.clientWidth;
  draw();
}).observe(scroller);
find(".footage-button").hidden = typeof server.read_footage !== "function";
readProps();
if (!same(structuredClone(props.value), doc)) publish();
draw();
