// The sandbox as the cases see it: what its ready line said, its control plane, and a receiver for its callbacks.
// Nothing here knows how a client under test works.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

export const ready = JSON.parse(process.env.SANDBOX ?? assert.fail('SANDBOX is not set; run node run.mjs'));
export const { token, aes_key: aesKey } = ready.callback;

/** GET without a body, POST with one, DELETE when asked. */
export async function control(call, body, method = body === undefined ? 'GET' : 'POST') {
  const r = await fetch(`${ready.base}/_sandbox/${call}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await r.text();
  assert.equal(r.ok, true, `/_sandbox/${call} answers ${r.status}: ${text}`);
  return text ? JSON.parse(text) : {};
}

/** A plain call of the server API, for what a case needs before it can begin. */
export async function wecom(path, query, secret) {
  const grant = await (await fetch(`${ready.base}/cgi-bin/gettoken?${new URLSearchParams({ corpid: ready.corp_id, corpsecret: secret })}`)).json();
  const r = await fetch(`${ready.base}/cgi-bin/${path}?${new URLSearchParams({ access_token: grant.access_token, ...query })}`);
  const answer = await r.json();
  assert.equal(answer.errcode ?? 0, 0, `${path}: ${answer.errcode} ${answer.errmsg}`);
  return answer;
}

/** One member who may have customers: every corp of the sandbox has some. */
export async function someMember() {
  const { follow_user: members } = await wecom('externalcontact/get_follow_user_list', {}, ready.secrets.external);
  assert.ok(members.length > 0, 'no member has customer contact');
  return members[0];
}

/**
 * Has the sandbox deliver one callback of a kind to a receiver made for it. handle gets {method, query, body} and answers
 * the body; when it throws, the receiver answers 403. Gives back what the sandbox saw, and how often and with what error
 * handle ran.
 */
export async function deliver(kind, handle) {
  let seen = 0;
  let error = null;
  const server = createServer(async (req, res) => {
    seen++;
    let body = '';
    for await (const chunk of req.setEncoding('utf8')) body += chunk;
    try {
      res.end(handle({ method: req.method, query: Object.fromEntries(new URL(req.url, 'http://receiver').searchParams), body }) ?? '');
    } catch (err) {
      error = err;
      res.writeHead(403).end();
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  try {
    const emitted = await control('emit', { kind, url: `http://127.0.0.1:${server.address().port}/hook` });
    assert.ok(seen > 0, `the sandbox delivered nothing: ${JSON.stringify(emitted)}`);
    return { emitted, seen, error };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The text of one element, plain or CDATA. */
export function element(xml, name) {
  const m = new RegExp(`<${name}>(?:<!\\[CDATA\\[([\\s\\S]*?)\\]\\]>|([^<]*))</${name}>`).exec(xml);
  return m ? m[1] ?? m[2] : undefined;
}

/** The JS-SDK signature by the letter of the official page, to compare with. */
export const jsapiSignature = (ticket, nonce, timestamp, url) => createHash('sha1')
  .update(`jsapi_ticket=${ticket}&noncestr=${nonce}&timestamp=${timestamp}&url=${url}`).digest('hex');
