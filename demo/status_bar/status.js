// One line: what is happening, how long it has taken and how long it will take.

const find = (selector) => element.querySelector(selector);

function draw() {
  const value = props.value ?? {};
  find(".status").dataset.state = value.state ?? "ready";
  if (find(".text").textContent !== value.text) find(".text").textContent = value.text ?? "";
  find(".text").setAttribute("role", value.state === "failed" ? "alert" : "status");
  find(".fill").style.transform = `scaleX(${value.progress ?? 0})`;
  find(".device").textContent = value.device ?? "";
  const busy = value.state === "running";
  const left = value.remaining === null || value.remaining === undefined ? "" : ` · ${Math.ceil(value.remaining)} s left`;
  find(".clock").textContent = busy ? `${value.elapsed.toFixed(1)} s${left}` : "";
}

watch("value", draw);
draw();
