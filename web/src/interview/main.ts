/** The interview pad: begins or joins a session, and keeps the page and the session alike. */
import '../common/style.css';
import './style.css';
import { make, pause, show, tell } from '../common/dom';
import { type Language, type Me, type Person, type Session, Refused, create, join, read, words } from './api';
import { Converging, type Message, type Obstacle } from './converge';
import { type Cursor, Editor } from './editor';
import { Live, type Standing } from './live';
import type { Conflict } from './merge';

const LANGUAGES: [Language, string][] = [
  ['javascript', 'JavaScript'],
  ['python', 'Python'],
  ['html', 'HTML'],
];

/** How long after a key the text is sent, and how long another's mending is waited for, in milliseconds. */
const TYPING = 120;
const MENDING = 1500;
/** How long whoever comes waits for the others to have mended what there is. */
const SETTLING = 250;

const stored = (key: string, otherwise: () => string): string => {
  const value = localStorage.getItem(key) ?? otherwise();
  localStorage.setItem(key, value);
  return value;
};

function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function me(name: string): Me {
  const id = stored('concord.user', uuid);
  const hue = [...id].reduce((sum, char) => sum + char.charCodeAt(0) * 7, 0) % 360;
  localStorage.setItem('concord.name', name);
  return { id, name, color: `hsl(${hue}, 62%, 42%)` };
}

/** Asks for a name, and for what else there is to know before the pad is there. */
function welcome(title: string, text: string, choice: HTMLElement | null, go: (me: Me) => Promise<void>): void {
  const name = make('input', { name: 'name', required: true, maxlength: '80', autocomplete: 'name', value: localStorage.getItem('concord.name') ?? '' });
  const problem = make('p', { class: 'bad', role: 'alert' });
  const button = make('button', { class: 'main' }, title);
  const submit = async (event: Event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = '';
    try {
      await go(me(name.value.trim()));
    } catch (error) {
      problem.textContent = words(error);
      button.disabled = false;
    }
  };
  const form = make('form', { class: 'card', submit: (event) => void submit(event) }, make('h1', {}, title), make('p', { class: 'soft' }, text), make('label', {}, 'Your name', name), choice && make('label', {}, 'Language', choice), problem, make('div', { class: 'row' }, button));
  show(form);
  name.focus();
}

function languageChoice(chosen: Language): HTMLSelectElement {
  const select = make('select', { name: 'language' }, ...LANGUAGES.map(([value, text]) => make('option', { value }, text)));
  select.value = chosen;
  return select;
}

class Pad {
  private readonly people = new Map<string, Person>();
  private readonly cursors = new Map<string, Cursor>();
  private readonly list = make('ul');
  private readonly notices = make('div', { class: 'over notices', role: 'status', 'aria-live': 'polite' });
  private readonly standing = make('span', { class: 'standing', role: 'status' });
  private readonly unsaved = make('p', { class: 'unsaved bad', role: 'alert', hidden: true });
  private readonly language: HTMLSelectElement;
  private readonly editor: Editor;
  private readonly live: Live;
  private readonly converging: Converging;
  private typing = 0;
  private mending = 0;
  private moving = 0;

  constructor(
    private readonly user: Me,
    private readonly session: Session,
  ) {
    this.language = languageChoice(session.language);
    this.language.disabled = true;
    this.language.addEventListener('change', () => this.choose());
    const code = make('div', { class: 'code' });
    const copy = make('button', { click: () => void this.copyLink(copy) }, 'Copy link');
    const bar = make('header', { class: 'bar' }, make('h1', {}, 'Interview pad'), this.standing, make('label', {}, 'Language', this.language), copy, this.unsaved);
    const aside = make('aside', { 'aria-label': 'Participants' }, make('h2', {}, 'In this session'), this.list);
    show(make('div', { class: 'pad' }, bar, make('div', { class: 'columns' }, code, aside)), this.notices);
    this.converging = new Converging(user.id, session.code);
    this.editor = new Editor(code, session.code, session.language, {
      typed: (text) => this.typed(text),
      moved: (line, column) => this.moved(line, column),
    });
    this.populate(session.participants);
    const url = new URL(`/ws/sessions/${session.id}?userId=${encodeURIComponent(user.id)}`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    this.live = new Live(url.href, {
      open: () => this.catchUp(),
      frame: (frame) => this.heard(frame.type, frame.data),
      standing: (standing) => this.stand(standing),
    });
  }

  async run(): Promise<void> {
    this.editor.focus();
    try {
      await this.live.run();
    } catch (error) {
      this.live.end();
      tell('This session is over', words(error), again());
    }
  }

  /** Connected: the others have a moment to mend, then what the server has is what counts. */
  private async catchUp(): Promise<void> {
    await pause(SETTLING);
    const session = await read(this.session.id);
    this.report(this.converging.back(session.code));
    this.editor.show(this.converging.doc);
    this.language.value = session.language;
    this.editor.speak(session.language);
    this.populate(session.participants);
  }

  /** Code that is typed without a connection is sent later; a language cannot be chosen without one. */
  private stand(standing: Standing): void {
    const isConnected = standing === 'connected';
    this.standing.className = `standing ${standing}`;
    this.standing.replaceChildren(make('span', { class: 'dot' }), isConnected ? 'Connected' : 'Connection lost, trying again … The language can be switched when it is back.');
    this.language.disabled = !isConnected;
    if (isConnected) this.flush();
  }

  private typed(text: string): void {
    this.converging.edited(text);
    clearTimeout(this.typing);
    this.typing = window.setTimeout(() => this.flush(), TYPING);
  }

  private flush(): void {
    this.say(this.converging.next());
  }

  private say(message: Message | null): void {
    if (message) this.live.send('code_change', { ...message });
    this.warn();
  }

  /** Says that the text is kept nowhere else, and why, for as long as that is so. */
  private warn(): void {
    const obstacle = this.converging.obstacle;
    this.unsaved.hidden = !obstacle;
    this.unsaved.textContent = obstacle && `Your text is not saved, and the others do not see it. ${inWords(obstacle)} ${obstacle.code === 'CODE_TOO_LARGE' ? 'Shorten it, and it is sent.' : 'Change it, and it is sent again.'}`;
  }

  private choose(): void {
    const language = this.language.value as Language;
    this.editor.speak(language);
    if (!this.live.send('language_change', { language, userId: this.user.id })) this.notice('The language was not switched: the connection was lost.');
  }

  private moved(lineNumber: number, column: number): void {
    clearTimeout(this.moving);
    this.moving = window.setTimeout(() => this.live.send('cursor_position', { position: { lineNumber, column }, userId: this.user.id }), TYPING);
  }

  private heard(type: string, data: Record<string, unknown>): void {
    switch (type) {
      case 'code_change':
        this.changed(data as unknown as Message);
        break;
      case 'language_change':
        this.language.value = data.language as string;
        this.editor.speak(data.language as Language);
        break;
      case 'cursor_position':
        this.pointed(data.userId as string, data.position as { lineNumber: number; column: number });
        break;
      case 'user_join':
        this.people.set((data.user as Person).id, { ...(data.user as Person), isOnline: true });
        this.draw();
        this.say(this.converging.repair());
        break;
      case 'user_leave':
        this.away(data.userId as string);
        break;
      case 'error':
        this.refused(data as unknown as Obstacle);
        break;
    }
  }

  private changed(message: Message): void {
    const outcome = this.converging.heard(message);
    this.editor.show(this.converging.doc);
    this.report(outcome.conflicts, message.userId);
    if (this.converging.owes(outcome)) this.say(this.converging.repair());
    this.flush();
    // If whoever should mend is gone, we do.
    clearTimeout(this.mending);
    this.mending = window.setTimeout(() => this.say(this.converging.repair()), MENDING);
  }

  private pointed(user: string, position: { lineNumber: number; column: number }): void {
    const person = this.people.get(user);
    if (user === this.user.id || !person) return;
    this.cursors.set(user, { name: person.name, color: person.color, line: position.lineNumber, column: position.column });
    this.editor.others([...this.cursors.values()]);
  }

  private away(user: string): void {
    const person = this.people.get(user);
    if (person) this.people.set(user, { ...person, isOnline: false });
    this.cursors.delete(user);
    this.editor.others([...this.cursors.values()]);
    this.draw();
  }

  private refused(error: Obstacle): void {
    if (error.code === 'SESSION_EXPIRED' || error.code === 'SESSION_NOT_FOUND') {
      this.live.end();
      tell('This session is over', inWords(error), again());
    } else if (this.converging.refused(error)) {
      this.flush();
    } else {
      this.notice(inWords(error));
    }
  }

  private populate(people: Person[]): void {
    this.people.clear();
    for (const person of people) this.people.set(person.id, person);
    this.draw();
  }

  private draw(): void {
    const items = [...this.people.values()].map((person) => {
      const dot = make('span', { class: 'dot', 'aria-hidden': 'true' });
      dot.style.background = person.color;
      const own = person.id === this.user.id ? ' (you)' : '';
      const detail = `${person.role}, ${person.isOnline ? 'online' : 'away'}`;
      return make('li', { class: person.isOnline ? '' : 'away', 'data-user': person.id }, dot, make('span', {}, `${person.name}${own}`, make('br'), make('small', { class: 'soft' }, detail)));
    });
    this.list.replaceChildren(...items);
  }

  /** Says whose words stand where two changed the same ones. */
  private report(conflicts: Conflict[], user?: string): void {
    for (const { kept, lost } of conflicts) {
      const name = (user && user !== this.user.id && this.people.get(user)?.name) || 'Somebody';
      const copy = make('button', { click: () => void navigator.clipboard.writeText(lost) }, 'Copy the other');
      this.notice(`${name} and you changed the same words. “${short(kept)}” stands, “${short(lost)}” does not.`, copy);
    }
  }

  private notice(text: string, ...actions: HTMLElement[]): void {
    const notice = make('div', { class: 'notice' }, make('span', {}, text), ...actions, make('button', { 'aria-label': 'Dismiss', click: () => notice.remove() }, 'Dismiss'));
    this.notices.append(notice);
    while (this.notices.children.length > 4) this.notices.firstChild?.remove();
  }

  private async copyLink(button: HTMLButtonElement): Promise<void> {
    const link = new URL(`/interview/?session=${this.session.id}`, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      button.textContent = 'Link copied';
    } catch {
      this.notice(`The link is ${link}`);
    }
    window.setTimeout(() => (button.textContent = 'Copy link'), 2000);
  }
}

const inWords = ({ code, message }: Obstacle) => words(new Refused(400, code, message));
const short = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}…` : text);

function again(): HTMLElement {
  return make('button', { class: 'main', click: () => location.assign('/interview/') }, 'Start another');
}

async function start(): Promise<void> {
  const id = new URLSearchParams(location.search).get('session');
  if (!id) {
    const language = languageChoice('javascript');
    welcome('Start a session', 'Share code with somebody, live. Whoever has the link can take part, for 24 hours.', language, async (user) => {
      const session = await create(user, language.value as Language);
      history.replaceState(null, '', `/interview/?session=${session.id}`);
      await new Pad(user, session).run();
    });
    return;
  }
  try {
    await read(id);
  } catch (error) {
    tell('No session here', words(error), again());
    return;
  }
  welcome('Join the session', 'Everyone in it sees what you type.', null, async (user) => {
    await new Pad(user, await join(id, user)).run();
  });
}

void start();
