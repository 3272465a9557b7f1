// What an entry of the audit says was done, in words. What has no word of its own is an operation of the API, said by its verb and
// its noun, and shown by its name where these have no word either.
import { useLang, useWords } from '../../i18n/i18n'
import { useActor } from '../../kit/actor'
import { w } from './words'

const acts = {
  'touch.decide': 'a_touch_decide', 'touch.observe': 'a_touch_observe', 'touch.permit': 'a_touch_permit', 'touch.refuse': 'a_touch_refuse', 'touch.task': 'a_touch_task',
  'touch.recall': 'a_touch_recall', 'touch.deliver': 'a_touch_deliver', 'touch.release': 'a_touch_release', 'touch.note': 'a_touch_note', 'touch.reword': 'a_touch_reword',
  'touch.bind': 'a_touch_bind', 'caps.set': 'a_caps_set',
  'sending.stop': 'a_sending_stop', 'sending.resume': 'a_sending_resume', 'limited_code.add': 'a_limited_code_add', 'limited_code.end': 'a_limited_code_end', 'optout.set': 'a_optout_set', 'optout.lift': 'a_optout_lift', 'preference.set': 'a_preference_set', 'consent.give': 'a_consent_give', 'consent.end': 'a_consent_end', 'zone.set': 'a_zone_set', 'notice.publish': 'a_notice_publish', 'contactway.purpose': 'a_contactway_purpose', 'age.mark': 'a_age_mark', 'age.end': 'a_age_end', 'guardian.agree': 'a_guardian_agree', 'guardian.end': 'a_guardian_end',
  login: 'a_login', 'login.refused': 'a_login_refused', 'password.set': 'a_password_set', 'token.create': 'a_token_create', 'token.delete': 'a_token_delete',
  'settings.set': 'a_settings_set', 'role.set': 'a_role_set', 'capacity.set': 'a_capacity_set', 'login.shared': 'a_login_shared', 'login.judge': 'a_login_judge', 'fraud.found': 'a_fraud_found', 'fraud.decide': 'a_fraud_decide', 'admission.answer': 'a_admission_answer', 'licence.add': 'a_licence_add', 'licence.withdraw': 'a_licence_withdraw', 'tag_sensitive.make': 'a_tag_sensitive_make', 'tag_consent.record': 'a_tag_consent_record', 'tag_consent.withdraw': 'a_tag_consent_withdraw', 'site.add': 'a_site_add', 'site.withdraw': 'a_site_withdraw', 'site_penalty.note': 'a_site_penalty_note', 'site_penalty.repair': 'a_site_penalty_repair', 'site_penalty.withdraw': 'a_site_penalty_withdraw',
  'touch.forget': 'a_touch_forget', 'person.erase': 'a_person_erase', 'person.erased': 'a_person_erased', 'request.open': 'a_request_open', 'request.done': 'a_request_done', 'request.refused': 'a_request_refused', 'retention.set': 'a_retention_set', 'retention.end': 'a_retention_end',
  'customer.acted': 'a_customer_acted', 'grievance.open': 'a_grievance_open', 'grievance.end': 'a_grievance_end', 'audit.verify': 'a_audit_verify',
  'receiver.add': 'a_receiver_add', 'receiver.end': 'a_receiver_end', 'receiver_consent.note': 'a_receiver_consent_note', 'receiver_consent.end': 'a_receiver_consent_end', 'export.make': 'a_export_make', 'export.approve': 'a_export_approve', 'export.refuse': 'a_export_refuse', 'export.fetch': 'a_export_fetch', 'export_limit.set': 'a_export_limit_set', 'assessment.add': 'a_assessment_add', 'assessment.withdraw': 'a_assessment_withdraw', 'automatic_tag.note': 'a_automatic_tag_note', 'automatic_tag.end': 'a_automatic_tag_end', 'incident.record': 'a_incident_record', 'incident.change': 'a_incident_change', 'incident.step': 'a_incident_step', 'incident.list': 'a_incident_list', 'audit.names_shown': 'a_audit_names_shown',
} as const

export const knownActs = Object.keys(acts) as (keyof typeof acts)[]

export function useActs() {
  const t = useWords(w)
  const actor = useActor()
  const { lang } = useLang()
  const known = (a: string): a is keyof typeof acts => a in acts
  const operation = (a: string) => {
    const cut = a.indexOf('-')
    const [verb, noun] = [`v_${a.slice(0, cut)}`, `n_${a.slice(cut + 1)}`]
    const say = (key: string) => (key in w ? w[key as keyof typeof w][lang === 'zh' ? 0 : 1] : '')
    return say(verb) && say(noun) ? `${say(verb)}${lang === 'zh' ? '' : ' '}${say(noun)}` : a
  }
  return {
    act: (a: string) => (known(a) ? t(acts[a]) : operation(a)),
    who: (name: string) => (name === 'system' ? t('system') : name === 'command line' ? t('commandLine') : name === 'unknown' ? t('unknown') : actor(name)),
  }
}

/** Where the subject of an entry can be seen. */
export function subjectPage(kind: string | undefined, id: string | undefined): string | undefined {
  if (!kind || !id) return undefined
  const rooms: Record<string, string> = { touch: 'touches', touches: 'touches', customers: 'customers', broadcast: 'broadcasts', broadcasts: 'broadcasts', moment: 'moments', moments: 'moments', groupchats: 'groupchats', welcomes: 'welcomes', autoreplies: 'autoreplies' }
  return kind in rooms && /^[\w-]+$/.test(id) && !['new', 'preview', 'tags', 'export.csv', 'several'].includes(id) ? `/${rooms[kind]}/${encodeURIComponent(id)}` : undefined
}
