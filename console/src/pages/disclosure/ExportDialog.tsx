// Taking customers out of the list: for what, for whom; how many is counted by the server and stands on the button.
import { Form, Input, Modal, Select } from 'antd'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { apiPath, call, search, type ApiError, type Query } from '../../api/client'
import { useAct, useGet } from '../../api/queries'
import type { Export, ExportSum, Page, DataReceiver } from '../../api/types'
import { useWords } from '../../i18n/i18n'
import { A } from '../../kit/A'
import { useAtForm } from '../../kit/atField'
import { w as kit } from '../../kit/words'
import { receiverOptions } from './receiver'
import { w } from './words'

interface Fields { receiver_id: string; purpose: string }

export function ExportDialog({ filter, close }: { filter: Query; close: () => void }) {
  const t = useWords(w)
  const k = useWords(kit)
  const [form] = Form.useForm<Fields>()
  const [made, setMade] = useState<Export>()
  const receivers = useGet<Page<DataReceiver>>('/receivers')
  const query = search(filter).slice(1)
  const to = Form.useWatch('receiver_id', form) ?? '0'
  const sum = useQuery<ExportSum, ApiError>({
    queryKey: ['/exports/preview', query, to], staleTime: 0, retry: false,
    queryFn: ({ signal }) => call('POST', '/exports/preview', { body: { query, receiver_id: to }, signal }),
  })
  const save = useAct<Export, Fields>({ method: 'POST', path: '/exports', touches: ['/exports'], failed: useAtForm(form), got: setMade, body: (v) => ({ ...v, query }) })
  const n = sum.data?.size
  if (made) {
    return (
      <Modal open title={t(made.state === 'ready' ? 'readyTitle' : 'waitingTitle')} onCancel={close} cancelText={t('close')} width={480}
        okText={t(made.state === 'ready' ? 'fetch' : 'toExports')} okButtonProps={{ href: made.state === 'ready' ? apiPath(`/exports/${made.id}/customers.csv`) : undefined, style: made.state === 'ready' ? undefined : { display: 'none' } }} onOk={close}>
        <p>{t(made.state === 'ready' ? 'readyText' : 'waitingText')} <A to="/receivers">{t('toExports')}</A></p>
      </Modal>
    )
  }
  return (
    <Modal open title={t('exportTitle')} onCancel={close} cancelText={k('cancel')} width={520} confirmLoading={save.isPending} onOk={() => form.submit()}
      okText={n === undefined ? t('exportTitle') : t(sum.data?.approval ? 'submitIt' : 'makeIt', { n })} okButtonProps={{ disabled: !n }}>
      <Form form={form} layout="vertical" requiredMark={false} initialValues={{ receiver_id: '0' }} onFinish={(v) => save.mutate(v)}>
        <Form.Item name="purpose" label={t('exportWhy')} rules={[{ required: true, whitespace: true, message: t('needed') }]}><Input maxLength={200} placeholder={t('exportWhyHint')} /></Form.Item>
        <Form.Item name="receiver_id" label={t('exportTo')} extra={<A to="/receivers">{t('exportMore')}</A>}><Select options={receiverOptions(receivers.data?.items ?? [], t('ourselves'))} /></Form.Item>
      </Form>
      <div className="s13 stack" style={{ gap: 6 }} aria-live="polite">
        {sum.error ? <p className="harm">{sum.error.message}</p> : <p className="b">{n === undefined ? t('counting') : t('holdsN', { n })}</p>}
        {(sum.data?.left_out ?? 0) > 0 && <p className="held">{t('leftOut', { n: sum.data?.left_out ?? 0 })}</p>}
        {sum.data?.approval && <p className="held">{t('needsSecond', { limit: sum.data.limit, taken: sum.data.taken })}</p>}
      </div>
    </Modal>
  )
}
