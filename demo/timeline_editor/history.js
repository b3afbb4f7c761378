// Undo and redo. A step is a document as it was, and what was done to it in a word.

class History {
  static DEPTH = 100;

  past = [];
  future = [];
  #last = { kind: null, time: 0 };

  // `kind` names a field that is written in several bursts; those that follow one another closely are one step.
  add(before, what, kind = null, patience = 0) {
    const now = performance.now();
    const goesOn = kind !== null && this.#last.kind === kind && now - this.#last.time < patience && this.past.length;
    if (!goesOn) this.past.push({ doc: before, what });
    if (this.past.length > History.DEPTH) this.past.shift();
    this.future = [];
    this.#last = { kind, time: now };
  }

  // The next burst is a step of its own.
  close() {
    this.#last.kind = null;
  }

  undo(doc) {
    return this.#travel(this.past, this.future, doc);
  }

  redo(doc) {
    return this.#travel(this.future, this.past, doc);
  }

  #travel(from, to, doc) {
    this.close();
    const step = from.pop();
    if (step) to.push({ doc, what: step.what });
    return step;
  }
}
