// Stands for the scripts of the WeCom client (jweixin, jwxwork, @wecom/jssdk) in
// pages that the sandbox's client opened. It asks the sandbox through script
// elements, so that a page needs no more leave than for this script.
(function () {
  'use strict';
  if (window.wecomStandIn) return;
  var home = new URL(document.currentScript.src).origin;
  var key = 'sandbox-client';
  var session = sessionOfWindow();
  var load = Math.random().toString(36).slice(2);
  var waiting = {};
  var count = 0;
  var onReady = [];
  var onError = [];
  var state = ''; // of config: '', 'ok' or the message of the failure
  var configured;

  // sessionOfWindow finds which window of the client shows this page: by the
  // fragment it was opened with, and remembered for pages after it.
  function sessionOfWindow() {
    var found = /[#&]sandbox-client=([^&]+)/.exec(location.hash);
    var path = '';
    if (found) {
      path = new URL(decodeURIComponent(found[1])).pathname;
      history.replaceState(history.state, '', location.pathname + location.search);
    } else if (window.name.indexOf(key + ':') === 0) {
      path = window.name.slice(key.length + 1);
    }
    try {
      if (path) sessionStorage.setItem(key, path);
      else path = sessionStorage.getItem(key) || '';
    } catch (e) {
      // a page without storage is known by its window alone
    }
    return /^\/client\/[A-Za-z0-9]+$/.test(path) ? path : '';
  }

  function ask(name, args, done) {
    if (!session) {
      done({ ok: false, reason: 'fail', hint: 'this page was not opened by the client of the sandbox' });
      return;
    }
    var n = ++count;
    var element = document.createElement('script');
    waiting[n] = function (answer) {
      delete waiting[n];
      element.remove();
      if (answer.hint) console.warn('sandbox client: ' + name + ': ' + answer.hint);
      done(answer);
    };
    element.onerror = function () {
      if (waiting[n]) waiting[n]({ ok: false, reason: 'fail', hint: 'the sandbox does not answer' });
    };
    element.src = home + session + '/call?' + new URLSearchParams({
      n: String(n), function: name, load: load, url: location.href.split('#')[0], args: JSON.stringify(args || {}),
    });
    document.head.appendChild(element);
  }

  // result is an answer in the form of wx.invoke, or of promises and options.
  function result(name, answer, old) {
    var reason = answer.reason && answer.reason !== 'fail' ? (old ? '_' : ' ') + answer.reason : '';
    var message = name + (answer.ok ? ':ok' : ':fail' + reason);
    var out = Object.assign({}, answer.data);
    if (old) out.err_msg = message;
    else {
      out.errMsg = message;
      out.errCode = answer.code || (answer.ok ? 0 : -1);
    }
    return out;
  }

  function tell(options, name, answer) {
    var out = result(name, answer, false);
    var heard = answer.ok ? options.success : options.fail;
    if (heard) heard(out);
    if (options.complete) options.complete(out);
    return out;
  }

  function strings(o) {
    return {
      appId: String(o.appId || ''), corpid: String(o.corpid || ''), agentid: String(o.agentid || ''),
      timestamp: String(o.timestamp || ''), nonceStr: String(o.nonceStr || ''), signature: String(o.signature || ''),
      jsApiList: o.jsApiList || [],
    };
  }

  var wx = {
    config: function (options) {
      ask('config', strings(options), function (answer) {
        state = answer.ok ? 'ok' : 'config:' + answer.reason;
        (answer.ok ? onReady : onError).splice(0).forEach(function (heard) {
          heard({ errMsg: answer.ok ? 'config:ok' : state });
        });
        if (configured) configured(answer);
      });
    },
    ready: function (heard) {
      if (state === 'ok') heard({ errMsg: 'config:ok' });
      else onReady.push(heard);
    },
    error: function (heard) {
      if (state && state !== 'ok') heard({ errMsg: state });
      else onError.push(heard);
    },
    agentConfig: function (options) {
      ask('agentConfig', strings(options), function (answer) { tell(options, 'agentConfig', answer); });
    },
    invoke: function (name, args, done) {
      ask(name, args, function (answer) { if (done) done(result(name, answer, true)); });
    },
  };

  function promised(name) {
    return function (options) {
      return new Promise(function (good, bad) {
        ask(name, options, function (answer) { (answer.ok ? good : bad)(tell(options || {}, name, answer)); });
      });
    };
  }

  var ww = {
    register: function (options) {
      var page = location.href.split('#')[0];
      var one = function (sign, then) {
        if (!sign) return;
        Promise.resolve(sign(page)).then(then);
      };
      one(options.getConfigSignature, function (signed) {
        configured = function (answer) {
          var heard = answer.ok ? options.onConfigSuccess : options.onConfigFail;
          if (heard) heard(answer.ok ? { errMsg: 'config:ok', errCode: 0 } : { errMsg: state, errCode: -1 });
        };
        wx.config(Object.assign({ appId: options.corpId, jsApiList: options.jsApiList }, signed));
      });
      one(options.getAgentConfigSignature, function (signed) {
        wx.agentConfig(Object.assign({
          corpid: options.corpId, agentid: options.agentId, jsApiList: options.jsApiList,
          success: options.onAgentConfigSuccess, fail: options.onAgentConfigFail,
        }, signed));
      });
    },
  };
  ['getContext', 'getCurExternalContact', 'getCurExternalChat', 'sendChatMessage'].forEach(function (name) {
    ww[name] = promised(name);
  });

  window.wecomStandIn = { answer: function (n, answer) { if (waiting[n]) waiting[n](answer); } };
  window.wx = window.jWeixin = wx;
  window.ww = ww;
})();
