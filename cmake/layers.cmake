# The house in one table: every folder of src/, whether it is PURE (no sockets, threads, clocks, Asio), and which
# folders it may include. The libraries are linked from this table and tests/architecture checks the includes
# against it, so there is one arrow, always downwards.
#
#   gantry_layer(FOLDER PURE|EDGE  allowed folders...)

gantry_layer(base       PURE)
gantry_layer(wire       PURE base)
gantry_layer(scaling    PURE base)
gantry_layer(kube       PURE base)
gantry_layer(queueing   PURE base wire)
gantry_layer(prometheus PURE base wire)
gantry_layer(replication PURE base)

gantry_layer(net        EDGE base)
gantry_layer(remoting   EDGE base wire net)
gantry_layer(http       EDGE base net)
gantry_layer(rpc        EDGE base net http)
gantry_layer(store      EDGE base wire)
gantry_layer(raft       EDGE base net)
gantry_layer(rocketmq   EDGE base wire queueing net remoting)
gantry_layer(lag        EDGE base wire net rocketmq)
gantry_layer(workload   EDGE base kube)
gantry_layer(kube_api   EDGE base net http kube)
gantry_layer(triggers   EDGE base wire queueing net scaling kube lag rocketmq)
gantry_layer(exporter   EDGE base wire prometheus queueing net http lag rocketmq)

gantry_layer(broker     EDGE base wire queueing net remoting store)
gantry_layer(controller EDGE base wire prometheus replication kube net remoting http raft)
gantry_layer(autoscaler EDGE base net scaling kube triggers workload)
gantry_layer(up         EDGE base wire net http kube scaling lag rocketmq workload triggers autoscaler broker)
gantry_layer(metrics_api EDGE base net http scaling kube kube_api lag)
gantry_layer(scaler     EDGE base wire net http rpc kube kube_api metrics_api scaling lag rocketmq triggers prometheus exporter)
gantry_layer(bench      EDGE base wire net remoting rocketmq)
gantry_layer(cli        EDGE base wire queueing net remoting http kube scaling lag rocketmq workload triggers autoscaler broker controller up scaler bench exporter)
