/** Elements, made in one line each. Texts stay texts, whatever they hold. */

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | boolean | undefined | ((event: Event) => void)>;

export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

/** What fills the page. */
export function show(...children: Child[]): void {
  document.getElementById('page')!.replaceChildren(...children.filter((child): child is Node | string => !!child));
}

/** A page that says one thing, and what can be done about it. */
export function tell(title: string, text: string, ...actions: Child[]): void {
  show(make('section', { class: 'card' }, make('h1', {}, title), make('p', { role: 'status' }, text), make('div', { class: 'row' }, ...actions)));
}

/** Resolves after so many milliseconds. */
export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
