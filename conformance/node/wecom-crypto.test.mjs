// @wecom/crypto, WeCom's own package for callbacks: what the sandbox seals it must open, and the other way round.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decrypt, encrypt, getJsApiSignature, getSignature } from '@wecom/crypto';
import { aesKey, deliver, element, jsapiSignature, ready, token, wecom } from './sandbox.mjs';

function open({ query }, sealed) {
  assert.equal(getSignature(token, query.timestamp, query.nonce, sealed), query.msg_signature, 'signature');
  const { message, id } = decrypt(aesKey, sealed);
  assert.equal(id, ready.corp_id, 'receiver');
  return message;
}
const openBody = (request) => open(request, element(request.body, 'Encrypt'));

/** Delivers one callback, opens it, and answers an empty body. */
async function received(kind) {
  let xml;
  const { error } = await deliver(kind, (request) => { xml = openBody(request); });
  assert.equal(error, null);
  assert.equal(element(xml, 'ToUserName'), ready.corp_id);
  assert.match(element(xml, 'CreateTime'), /^\d{10}$/);
  return xml;
}

test('the address check opens, and its echo is accepted', async () => {
  const { emitted, error } = await deliver('verify', (request) => {
    assert.equal(request.method, 'GET');
    return open(request, request.query.echostr);
  });
  assert.equal(error, null);
  assert.equal(emitted.ok, true, JSON.stringify(emitted));
});

test('an echo that is not the plain text is not accepted', async () => {
  const { emitted } = await deliver('verify', () => 'something else');
  assert.equal(emitted.ok, false, JSON.stringify(emitted));
});

test('a new customer arrives with member, customer and welcome code', async () => {
  const xml = await received('add_external_contact');
  assert.equal(element(xml, 'Event'), 'change_external_contact');
  assert.equal(element(xml, 'ChangeType'), 'add_external_contact');
  for (const name of ['UserID', 'ExternalUserID', 'WelcomeCode']) assert.ok(element(xml, name), name);
});

test('a kf notice carries the token and the account to fetch from', async () => {
  const xml = await received('kf_msg_or_event');
  assert.equal(element(xml, 'Event'), 'kf_msg_or_event');
  assert.ok(element(xml, 'Token'));
  assert.ok(element(xml, 'OpenKfId'));
});

test('a text to the app arrives whole', async () => {
  const xml = await received('text');
  assert.equal(element(xml, 'MsgType'), 'text');
  assert.ok(element(xml, 'FromUserName'));
  assert.ok(element(xml, 'Content'));
  assert.equal(element(xml, 'AgentID'), String(ready.agent_id));
});

test('a passive answer sealed by the package is opened by the sandbox', async () => {
  const words = '收到 received <&>';
  const { emitted, error } = await deliver('text', (request) => {
    const xml = openBody(request);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const nonce = 'conformance';
    const plain = `<xml><ToUserName><![CDATA[${element(xml, 'FromUserName')}]]></ToUserName><FromUserName><![CDATA[${ready.corp_id}]]></FromUserName>`
      + `<CreateTime>${timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${words}]]></Content></xml>`;
    const sealed = encrypt(aesKey, plain, ready.corp_id);
    return `<xml><Encrypt><![CDATA[${sealed}]]></Encrypt><MsgSignature><![CDATA[${getSignature(token, timestamp, nonce, sealed)}]]></MsgSignature>`
      + `<TimeStamp>${timestamp}</TimeStamp><Nonce><![CDATA[${nonce}]]></Nonce></xml>`;
  });
  assert.equal(error, null);
  assert.ok(JSON.stringify(emitted.plain ?? '').includes('收到 received'), JSON.stringify(emitted));
});

test('a wrong signature is seen by the package', async () => {
  const { error } = await deliver('bad_signature', openBody);
  assert.match(String(error), /signature/);
});

test('a JS-SDK signature made from the sandbox\'s ticket follows the rule', async () => {
  const { ticket } = await wecom('get_jsapi_ticket', {}, ready.secrets.app);
  const url = 'https://shop.example.com/page?from=wecom';
  const { signature } = getJsApiSignature({ url, ticket, nonceStr: 'abc', timestamp: 1767225600 });
  assert.equal(signature, jsapiSignature(ticket, 'abc', 1767225600, url));
});
