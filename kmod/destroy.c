// SPDX-License-Identifier: GPL-2.0
/*
 * A connection is ended by neither of its ends: SOCK_DESTROY, or its namespace goes.
 */
#include "apply.h"
#include "destroy.h"
#include "listen.h"
#include "req.h"
#include "table.h"
#include "timewait.h"

#define SWEEP_BATCH	64

/**
 * xtcp_sock_destroy - abort a connection from outside: SOCK_DESTROY
 * @sk: the socket; the caller has a reference
 * @err: errno for its user
 * @why: the reason
 *
 * Context: process.
 *
 * Return: 0, -ENOENT when it has no connection.
 */
int xtcp_sock_destroy(struct sock *sk, int err, enum xtcp_reason why)
{
	int ret = 0;

	lock_sock(sk);
	if (sk->sk_state == TCP_CLOSE) {
		ret = -ENOENT;
	} else if (sk->sk_state == TCP_LISTEN) {
		xtcp_user_call(sk, XTCP_CALL_ABORT, why);
		xtcp_listen_stop(sk);
	} else {
		WRITE_ONCE(sk->sk_err, err);
		/* pairs with the read side of poll(): the error before the end */
		smp_wmb();
		if (!sock_flag(sk, SOCK_DEAD))
			sk_error_report(sk);
		xtcp_user_call(sk, XTCP_CALL_ABORT, why);
	}
	release_sock(sk);
	return ret;
}

/**
 * xtcp_flow_destroy - end a SYN_RECV or TIME_WAIT entry from outside
 * @flow: the entry; the caller has a reference
 *
 * Context: process.
 *
 * Return: 0, -ENOENT when it has ended already.
 */
int xtcp_flow_destroy(struct xtcp_flow *flow)
{
	struct xtcp_req *req;
	int err = -ENOENT;

	if (flow->kind == XTCP_KIND_TW)
		return xtcp_tw_kill(flow->key.xn, xtcp_flow_tw(flow),
				    XTCP_EV_ABORT, XTCP_WHY_KILLED, NULL) ? 0 : -ENOENT;
	req = xtcp_flow_req(flow);
	lock_sock(req->listener);
	if (!list_empty(&req->node)) {
		spin_lock_bh(&req->listener->sk_lock.slock);
		xtcp_req_kill(req, XTCP_EV_ABORT, XTCP_WHY_KILLED, NULL);
		spin_unlock_bh(&req->listener->sk_lock.slock);
		err = 0;
	}
	release_sock(req->listener);
	return err;
}

/**
 * xtcp_destroy_dying - end the connections of namespaces that go
 *
 * In one walk through the table.  What it finds is taken out, so it may miss some that
 * moved up.
 *
 * Context: process.
 *
 * Return: how many it ended.
 */
unsigned int xtcp_destroy_dying(void)
{
	struct sock *found[SWEEP_BATCH];
	unsigned int n, i, ended = 0;
	struct xtcp_flow *flow;
	struct xtcp_iter it;

	xtcp_iter_enter(&it, NULL);
	do {
		n = 0;
		xtcp_iter_start(&it);
		while (n < SWEEP_BATCH && (flow = xtcp_iter_next(&it))) {
			struct sock *sk = xtcp_to_sk(xtcp_flow_sock(flow));

			if (flow->kind == XTCP_KIND_SOCK && READ_ONCE(flow->key.xn->dying) &&
			    refcount_inc_not_zero(&sk->sk_refcnt))
				found[n++] = sk;
		}
		xtcp_iter_stop(&it);
		for (i = 0; i < n; i++) {
			xtcp_sock_destroy(found[i], ECONNABORTED, XTCP_WHY_NAMESPACE_GONE);
			sock_put(found[i]);
		}
		ended += n;
		cond_resched();
	} while (n == SWEEP_BATCH);
	xtcp_iter_exit(&it);
	return ended;
}
