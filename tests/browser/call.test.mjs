/** The video call in two browsers: on the page, and by the client code of the API's own document. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { CLIENT, PSYCHOLOGIST, browse, serve, shot } from './site.mjs';

let server;
let browser;
before(async () => {
  server = await serve();
  browser = await browse();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The picture of the other side moves. */
async function moves(page, selector) {
  await page.waitForFunction((one) => document.querySelector(one)?.videoWidth > 0, selector);
  const frames = () => page.evaluate((one) => document.querySelector(one).getVideoPlaybackQuality().totalVideoFrames, selector);
  const before = await frames();
  await page.waitForFunction(([one, past]) => document.querySelector(one).getVideoPlaybackQuality().totalVideoFrames > past + 5, [selector, before]);
}

async function open(session, user, role, options) {
  const page = await browser.page(options);
  await page.goto(`${server.url}/call/#session=${session}&token=${server.token(user, role)}`);
  return page;
}

async function enter(page) {
  await page.getByRole('button', { name: 'Join the call' }).click();
}

test('two people see each other, hang up, and the session is completed', async () => {
  const session = await server.appointment();
  const ann = await open(session, CLIENT, 'client');
  await ann.getByText('Ready to join?').waitFor();
  await shot(ann, 'call-preview');
  await enter(ann);
  await ann.getByText('Waiting for the other person').waitFor();
  await shot(ann, 'call-waiting');

  const jane = await open(session, PSYCHOLOGIST, 'psychologist');
  await enter(jane);
  for (const page of [ann, jane]) {
    await page.getByText('In call').waitFor();
    await moves(page, 'video.far');
  }
  await shot(jane, 'call-in');
  await jane.getByRole('button', { name: 'Mute' }).click();
  await jane.getByRole('button', { name: 'Unmute' }).waitFor();

  await jane.getByRole('button', { name: 'Hang up' }).click();
  await jane.getByText('The call has ended').waitFor();
  await ann.getByText('The other person has left').waitFor();
  await ann.getByRole('button', { name: 'Hang up' }).click();
  await ann.getByText('The call has ended').waitFor();
  const [appointment] = await server.call('Appointment/_get', { appointment: session });
  assert.equal(appointment.status, 'Completed');
  assert.deepEqual(browser.faults, []);
});

test('who comes back takes their place', async () => {
  const session = await server.appointment();
  const ann = await open(session, CLIENT, 'client');
  await enter(ann);
  const jane = await open(session, PSYCHOLOGIST, 'psychologist');
  await enter(jane);
  await ann.getByText('In call').waitFor();
  await jane.reload();
  await enter(jane);
  for (const page of [ann, jane]) {
    await page.getByText('In call').waitFor();
    await moves(page, 'video.far');
  }
});

test('every reason not to come in is told in words', async () => {
  const { appointment: session } = await server.call('Appointment/schedule', { client: CLIENT, psychologist: PSYCHOLOGIST, startsAt: Date.now(), sessionType: 'Individual' });
  const told = async (user, role, words, id = session) => {
    const page = await open(id, user, role);
    await page.getByText(words).waitFor();
    await page.close();
  };
  await told(CLIENT, 'client', 'has not been confirmed');
  await server.call('Appointment/confirm', { appointment: session });
  await told(CLIENT, 'client', 'has not been paid for');
  await told('507f1f77bcf86cd799439099', 'client', 'between other people');
  await told(CLIENT, 'janitor', 'Your role does not allow calls');
  await told(CLIENT, 'client', 'There is no such session', '507f1f77bcf86cd799439011');
  await server.call('Appointment/cancel', { appointment: session });
  await told(CLIENT, 'client', 'was cancelled');
  const page = await browser.page();
  await page.goto(`${server.url}/call/#session=${session}&token=nonsense`);
  await page.getByText('Your link is not valid').waitFor();
});

test('the page fits a phone and is reached by keyboard', async () => {
  const session = await server.appointment();
  const ann = await open(session, CLIENT, 'client', { viewport: { width: 320, height: 640 } });
  await ann.getByText('Ready to join?').waitFor();
  await ann.keyboard.press('Enter');
  await ann.getByText('Waiting for the other person').waitFor();
  await shot(ann, 'call-phone');
  assert.ok((await ann.evaluate(() => document.documentElement.scrollWidth)) <= 320);
  await ann.keyboard.press('Enter');
  await ann.getByText('The call has ended').waitFor();
});

test("the document's own client code completes a call", async () => {
  const session = await server.appointment();
  const script = (name) => readFileSync(new URL(`./node_modules/${name}`, import.meta.url), 'utf8');
  const scripts = [script('socket.io-client/dist/socket.io.min.js'), script('simple-peer/simplepeer.min.js')];
  const people = [
    { id: CLIENT, name: 'John Doe', role: 'client' },
    { id: PSYCHOLOGIST, name: 'Dr. Jane Smith', role: 'psychologist' },
  ];
  const pages = [];
  for (const currentUser of people) {
    const page = await browser.page({ bypassCSP: true });
    await page.goto(`${server.url}/health`);
    for (const content of scripts) await page.addScriptTag({ content });
    await page.evaluate(documented, { sessionId: session, jwtToken: server.token(currentUser.id, currentUser.role), currentUser });
    pages.push(page);
  }
  for (const page of pages) await moves(page, '#remote');
  const ended = await pages[0].evaluate(() => window.endCall());
  assert.equal(ended, 200);
});

/** The steps of "Usage Examples", in a page: access, servers, room, signalling, the call's start, and later its end. */
async function documented({ sessionId, jwtToken, currentUser }) {
  const remoteVideo = Object.assign(document.createElement('video'), { id: 'remote', autoplay: true, muted: true });
  document.body.append(remoteVideo);
  const headers = { 'x-auth-token': jwtToken };
  const { canJoin } = await (await fetch(`/api/video-calls/can-join/${sessionId}`, { headers })).json();
  if (!canJoin) throw new Error('cannot join');
  const { iceServers } = await (await fetch('/api/video-calls/config', { headers })).json();
  const { roomId } = await (await fetch(`/api/video-calls/generate-room/${sessionId}`, { method: 'POST', headers })).json();
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  const socket = window.io('', { auth: { token: jwtToken } });
  let peer;
  const connect = (isInitiator, targetSocketId) => {
    peer = new window.SimplePeer({ initiator: isInitiator, trickle: false, config: { iceServers }, stream });
    peer.on('signal', (data) => {
      if (data.type === 'offer') socket.emit('offer', { offer: data, to: targetSocketId });
      else if (data.type === 'answer') socket.emit('answer', { answer: data, to: targetSocketId });
    });
    peer.on('stream', (remote) => {
      remoteVideo.srcObject = remote;
    });
  };
  socket.on('user-joined', ({ socketId }) => connect(true, socketId));
  socket.on('offer', ({ offer, from }) => {
    connect(false, from);
    peer.signal(offer);
  });
  socket.on('answer', ({ answer }) => peer.signal(answer));
  const joined = new Promise((done) => socket.on('room-joined', done));
  socket.emit('join-room', { roomId, userId: currentUser.id, userName: currentUser.name, userRole: currentUser.role });
  await joined;
  const post = (what, body) => fetch(`/api/video-calls/${what}/${sessionId}`, { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  await post('start', { startTime: new Date().toISOString() });
  window.endCall = async () => (await post('end', { endTime: new Date().toISOString() })).status;
}
