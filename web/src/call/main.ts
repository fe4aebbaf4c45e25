/** The video call: who may come in, a look at oneself first, then the call until somebody hangs up. */
import '../common/style.css';
import './style.css';
import { make, show, tell } from '../common/dom';
import { Api, type Meeting, bearer, words } from './api';
import { Marking } from './marking';
import { type Me, Room } from './room';

/** What the link says; it stands behind `#`, so that it is sent to nobody. A session's id is in lower case, however it was typed. */
function link(): { session: string; token: string } | null {
  const said = new URLSearchParams(location.hash.slice(1));
  const [session, token] = [said.get('session'), said.get('token')];
  return session && token ? { session: session.toLowerCase(), token } : null;
}

const retry = () => make('button', { class: 'main', click: () => location.reload() }, 'Try again');

function ask(): void {
  const session = make('input', { name: 'session', required: true, pattern: '[0-9a-fA-F]{24}', title: '24 hexadecimal digits', autocomplete: 'off' });
  const token = make('input', { name: 'token', required: true, type: 'password', autocomplete: 'off' });
  const submit = (event: Event) => {
    event.preventDefault();
    location.hash = new URLSearchParams({ session: session.value.trim(), token: token.value.trim() }).toString();
  };
  show(make('form', { class: 'card', submit }, make('h1', {}, 'Video call'), make('p', { class: 'soft' }, 'Open the link that you were given, or enter what stands in it.'), make('label', {}, 'Session', session), make('label', {}, 'Token', token), make('div', { class: 'row' }, make('button', { class: 'main' }, 'Go on'))));
  session.focus();
}

/** A button that switches tracks off and on. */
function toggle(stream: MediaStream, kind: 'audio' | 'video', off: string, on: string): HTMLButtonElement {
  const tracks = () => stream.getTracks().filter((track) => track.kind === kind);
  const button = make('button', { type: 'button', 'aria-pressed': 'false' }, off);
  button.addEventListener('click', () => {
    const isOff = button.getAttribute('aria-pressed') !== 'true';
    tracks().forEach((track) => (track.enabled = !isOff));
    button.setAttribute('aria-pressed', String(isOff));
    button.textContent = isOff ? on : off;
  });
  button.disabled = tracks().length === 0;
  return button;
}

const buttons = (stream: MediaStream) => [toggle(stream, 'audio', 'Mute', 'Unmute'), toggle(stream, 'video', 'Camera off', 'Camera on')];

function video(className: string, stream: MediaStream | null, muted: boolean): HTMLVideoElement {
  const element = make('video', { class: className, autoplay: true, playsinline: true, muted });
  element.muted = muted;
  element.srcObject = stream;
  return element;
}

/** What the devices give; a call without a camera, or without a microphone, is still a call. */
async function devices(): Promise<MediaStream> {
  for (const wish of [{ audio: true, video: true }, { audio: true }, { video: true }]) {
    try {
      return await navigator.mediaDevices.getUserMedia(wish);
    } catch {
      // The next wish is smaller.
    }
  }
  throw new Error('no devices');
}

function preview(api: Api, token: string): void {
  tell('Video call', 'Allow your camera and microphone, so that you can see yourself first.');
  devices().then(
    (stream) => {
      const join = make('button', { class: 'main', click: () => void enter(api, token, stream) }, 'Join the call');
      show(make('section', { class: 'card preview' }, make('h1', {}, 'Ready to join?'), video('', stream, true), make('div', { class: 'row' }, ...buttons(stream), join), make('p', { class: 'soft' }, stream.getVideoTracks().length ? '' : 'No camera was found; the other person will hear you.')));
      join.focus();
    },
    () => tell('No camera or microphone', 'This page may use neither. Allow one of them in your browser, then try again.', retry()),
  );
}

function mine(meeting: Meeting, token: string): Me {
  const { id, role } = bearer(token)!;
  const { client, psychologist } = meeting.participants;
  const part = id === client.id ? 'client' : id === psychologist.id ? 'psychologist' : (role ?? 'admin');
  const name = id === client.id ? client.name : id === psychologist.id ? psychologist.name : null;
  return { roomId: meeting.roomId, userId: id, userName: name ?? part, userRole: part };
}

async function enter(api: Api, token: string, stream: MediaStream): Promise<void> {
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  try {
    const [servers, meeting] = await Promise.all([api.servers(), api.meeting()]);
    call(api, token, stream, servers, meeting, stop);
  } catch (error) {
    stop();
    tell('You cannot join now', words(error), retry());
  }
}

function call(api: Api, token: string, stream: MediaStream, servers: RTCIceServer[], meeting: Meeting, stop: () => void): void {
  const far = video('far', null, false);
  const title = make('h1', {}, 'Connecting …');
  const text = make('p');
  const problem = make('div', { class: 'problem', role: 'alert', hidden: true });
  const hangUp = make('button', { class: 'danger' }, 'Hang up');
  const page = make('section', { class: 'call' }, far, video('near', stream, true), make('div', { class: 'state', role: 'status' }, title, text), problem, make('div', { class: 'row buttons' }, ...buttons(stream), hangUp));
  const say = (state: string, heading: string, detail: string) => {
    page.className = `call ${state}`;
    title.textContent = heading;
    text.textContent = detail;
  };
  const marking = new Marking(api);
  const mark = async () => {
    const why = await marking.begin();
    problem.hidden = !why;
    if (why) problem.replaceChildren(make('p', {}, `The call goes on, but could not be marked as started. ${why}`), make('button', { click: () => void mark() }, 'Try again'));
  };
  let hasMet = false;
  const room = new Room(token, mine(meeting, token), stream, servers, {
    waiting: () => {
      far.srcObject = null;
      say('waiting', hasMet ? 'The other person has left' : 'Waiting for the other person', hasMet ? 'They can come back, or you can hang up.' : 'They see that you are here when they come.');
    },
    meeting: (name) => say('waiting', `${name} is here`, 'The picture is on its way.'),
    stream: (remote) => {
      far.srcObject = remote;
      say('meeting', 'In call', '');
      if (!hasMet) void mark();
      hasMet = true;
    },
    lost: () => say('waiting', 'Connection lost', 'Trying again …'),
    refused: (code) => {
      room.leave();
      stop();
      tell('You are not in the call', words(code), retry());
    },
  });
  hangUp.addEventListener('click', () => {
    room.leave();
    stop();
    void finish(marking);
  });
  addEventListener('pagehide', () => room.leave(), { once: true });
  show(page);
  hangUp.focus();
}

/** The call is over for us; if it took place, so it is for the session. */
async function finish(marking: Marking): Promise<void> {
  const { text, isMarked } = await marking.end();
  tell('The call has ended', text, !isMarked && make('button', { class: 'main', click: () => void finish(marking) }, 'Try again'));
}

async function begin(): Promise<void> {
  const said = link();
  if (!said) return ask();
  const api = new Api(said.session, said.token);
  if (!bearer(said.token)) return tell('You cannot join', words('UNAUTHORIZED'), retry());
  try {
    const access = await api.access();
    if (access.canJoin) return preview(api, said.token);
    const soon = access.reason === 'TOO_EARLY' ? ` It begins in ${access.minutesUntilSession} minutes.` : '';
    tell('You cannot join now', words(access.reason ?? '') + soon, retry());
  } catch (error) {
    tell('You cannot join', words(error), retry());
  }
}

addEventListener('hashchange', () => void begin());
void begin();
