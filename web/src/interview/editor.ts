/** The editor: code, its language, and where the others are. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { html } from '@codemirror/lang-html';
import { javascript } from '@codemirror/lang-javascript';
import { python } from '@codemirror/lang-python';
import { bracketMatching, defaultHighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { Annotation, Compartment, EditorState, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import type { Language } from './api';
import { change } from './merge';

export interface Cursor {
  name: string;
  color: string;
  line: number;
  column: number;
}

const LANGUAGES = { javascript, python, html };

/** Marks what came from elsewhere, so that it is not sent back. */
const foreign = Annotation.define<boolean>();
const setCursors = StateEffect.define<Cursor[]>();

class CursorMark extends WidgetType {
  constructor(private readonly cursor: Cursor) {
    super();
  }
  override eq(other: CursorMark): boolean {
    return other.cursor.name === this.cursor.name && other.cursor.color === this.cursor.color;
  }
  override toDOM(): HTMLElement {
    const mark = document.createElement('span');
    mark.className = 'cursor';
    mark.style.setProperty('--color', this.cursor.color);
    mark.dataset.name = this.cursor.name;
    mark.setAttribute('aria-hidden', 'true');
    return mark;
  }
}

const cursors = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setCursors)) continue;
      const doc = transaction.state.doc;
      next = Decoration.set(
        effect.value.map((cursor) => {
          const line = doc.line(Math.min(Math.max(cursor.line, 1), doc.lines));
          const at = Math.min(line.from + Math.max(cursor.column - 1, 0), line.to);
          return Decoration.widget({ widget: new CursorMark(cursor), side: 1 }).range(at);
        }),
        true,
      );
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export class Editor {
  private readonly view: EditorView;
  private readonly language = new Compartment();

  constructor(parent: HTMLElement, text: string, language: Language, on: { typed: (text: string) => void; moved: (line: number, column: number) => void }) {
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          highlightActiveLine(),
          syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': 'Code' }),
          keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
          this.language.of(LANGUAGES[language]()),
          cursors,
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((one) => one.annotation(foreign))) on.typed(this.text);
            if (update.selectionSet) {
              const head = update.state.selection.main.head;
              const line = update.state.doc.lineAt(head);
              on.moved(line.number, head - line.from + 1);
            }
          }),
        ],
      }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Shows another text: only what differs is changed, so cursor and undo stay what they were. */
  show(text: string): void {
    const changes = change(this.text, text);
    if (changes) this.view.dispatch({ changes, annotations: foreign.of(true) });
  }

  speak(language: Language): void {
    this.view.dispatch({ effects: this.language.reconfigure(LANGUAGES[language]()) });
  }

  others(list: Cursor[]): void {
    this.view.dispatch({ effects: setCursors.of(list) });
  }

  focus(): void {
    this.view.focus();
  }
}
