/** The real server on a free port with fresh data, and Chromium with devices that are made up. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const binary = process.env.CONCORD ?? new URL('../../target/debug/concord', import.meta.url).pathname;

export const CLIENT = '507f1f77bcf86cd799439012';
export const PSYCHOLOGIST = '507f1f77bcf86cd799439013';

const turn = () => new Promise((done) => setImmediate(done));

export async function serve(data = mkdtempSync(join(tmpdir(), 'concord-'))) {
  const environment = {
    ...process.env,
    CONCORD_VIDEO_CALLS__REQUESTS_PER_MINUTE: '1000',
    CONCORD_VIDEO_CALLS__CONNECTIONS_PER_MINUTE: '1000',
    // Nobody out there is asked for an address.
    CONCORD_ICE__STUN: '',
  };
  const child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--store', 'memory:', '--data', data], { env: environment, stdio: 'ignore' });
  const address = join(data, 'address');
  while (!existsSync(address) || readFileSync(address, 'utf8') === '') {
    if (child.exitCode !== null) throw new Error('the server has ended');
    await turn();
  }
  const url = `http://${readFileSync(address, 'utf8')}`;
  const token = (user, role) => execFileSync(binary, ['token', '--data', data, '--user', user, '--role', role], { encoding: 'utf8' }).trim();
  const admin = token('ops', 'admin');
  return {
    url,
    token,
    /** Calls an action as an admin. */
    async call(path, body) {
      const response = await fetch(`${url}/api/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${admin}` }, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
      return response.json();
    },
    /** An appointment that can be held now. */
    async appointment() {
      await this.call('Profile/set', { user: CLIENT, name: 'John Doe', email: 'john@example.com' });
      await this.call('Profile/set', { user: PSYCHOLOGIST, name: 'Dr. Jane Smith', email: 'jane@example.com' });
      const wish = { client: CLIENT, psychologist: PSYCHOLOGIST, startsAt: Date.now(), sessionType: 'Individual' };
      const { appointment } = await this.call('Appointment/schedule', wish);
      await this.call('Appointment/confirm', { appointment });
      await this.call('Appointment/recordPayment', { appointment });
      return appointment;
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await new Promise((done) => child.once('exit', done));
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** A line to a server that can be cut, and mended. */
export async function line(url) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  let isCut = false;
  const relay = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => sockets.delete(one));
    }
  });
  await new Promise((done) => relay.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${relay.address().port}`,
    cut() {
      isCut = true;
      sockets.forEach((socket) => socket.destroy());
    },
    mend() {
      isCut = false;
    },
    stop() {
      this.cut();
      relay.close();
    },
  };
}

/** A browser; every page that it opens fails the test when a script of it fails. */
export async function browse() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
  });
  const faults = [];
  return {
    faults,
    /** A page of a person of their own: with storage that nobody shares. */
    async page(options = {}) {
      const context = await browser.newContext({ permissions: ['camera', 'microphone'], ...options });
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text())) faults.push(message.text());
      });
      return page;
    },
    close: () => browser.close(),
  };
}

/** A picture to look at, when somebody wants to: SHOTS=folder. */
export async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
}
