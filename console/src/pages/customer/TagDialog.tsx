// Tags of many customers: the reach is counted by the server now and stands on the button.
import { App, Modal, Select } from 'antd'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call, search, type ApiError } from '../../api/client'
import { useAct } from '../../api/queries'
import { useWords } from '../../i18n/i18n'
import { useSaid } from '../../kit/fail'
import type { Chosen } from '../../kit/List'
import { useTagOptions } from '../../kit/options'
import { w as kit } from '../../kit/words'
import { w } from './words'

interface Change { ids?: string[]; query?: string; add: string[]; remove: string[] }

export function TagDialog({ chosen, close }: { chosen: Chosen; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const said = useSaid()
  const { notification } = App.useApp()
  const options = useTagOptions()
  const [add, setAdd] = useState<string[]>([])
  const [remove, setRemove] = useState<string[]>([])
  const who = chosen.all ? { query: search(chosen.filter).slice(1) } : { ids: chosen.ids }
  const ready = add.length + remove.length > 0
  const reach = useQuery<{ customers: number }, ApiError>({
    queryKey: ['/customers/tags/reach', who, add, remove], enabled: ready, staleTime: 0,
    queryFn: ({ signal }) => call('POST', '/customers/tags/reach', { body: { ...who, add, remove }, signal }),
  })
  const act = useAct<{ changed: number; failed: { id: string; reason: string }[] | null }, Change>({
    method: 'POST', path: '/customers/tags', body: (v) => v, touches: ['/customers', '/tag-groups'],
    got: (answer) => {
      said(t('tagDone', { n: answer.changed }))
      const failed = answer.failed ?? []
      if (failed[0]) notification.warning({ title: t('tagFailed', { n: failed.length, why: failed[0].reason }), duration: 0 })
      chosen.clear()
      close()
    },
  })
  const n = reach.data?.customers
  return (
    <Modal
      open title={t('tagAct')} width={460} onCancel={close} cancelText={k('cancel')} okText={n === undefined ? t('tagAct') : t('tagButton', { n })} okButtonProps={{ disabled: !ready || n === undefined }} confirmLoading={act.isPending}
      onOk={() => act.mutate({ ...who, add, remove })}
    >
      <div className="stack" style={{ gap: 12 }}>
        <label><span className="second s13">{t('tagAdd')}</span><Select mode="multiple" style={{ width: '100%' }} options={options} value={add} onChange={setAdd} autoFocus defaultOpen aria-label={t('tagAdd')} placeholder={t('tagPick')} showSearch={{ optionFilterProp: 'label' }} /></label>
        <label><span className="second s13">{t('tagRemove')}</span><Select mode="multiple" style={{ width: '100%' }} options={options} value={remove} onChange={setRemove} aria-label={t('tagRemove')} placeholder={t('tagPick')} showSearch={{ optionFilterProp: 'label' }} /></label>
        {ready && <p className="b" aria-live="polite">{n === undefined ? k('reachCounting') : t('tagReach', { n })}</p>}
      </div>
    </Modal>
  )
}
