/** Where one private cluster lives and listens. */
export interface CephLayout {
  /** Folder of everything: configuration, keys, logs. Removed when the cluster stops. */
  readonly directory: string
  readonly monitorPort: number
  readonly gatewayPort: number
}

/**
 * Configuration of a cluster of one monitor, one storage daemon and one S3 gateway, on the loopback interface only.
 *
 * Keys are on (`cephx`): the gateway of Ceph 16 cannot talk to a monitor that wants none. The storage daemon keeps
 * everything in memory, which makes it quick to start and leaves nothing on disk. One copy of each object is enough for
 * tests, and disks that are nearly full must not turn the cluster read-only.
 */
export function cephConfiguration(layout: CephLayout, clusterId: string): string {
  const { directory, monitorPort, gatewayPort } = layout
  return `[global]
fsid = ${clusterId}
mon_initial_members = a
mon_host = [v2:127.0.0.1:${monitorPort}/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
keyring = ${directory}/keyring
run_dir = ${directory}
crash_dir = ${directory}/log
pid_file =
admin_socket =
log_file =
log_to_stderr = true
err_to_stderr = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_failsafe_full_ratio = .999
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000

[mon]
mon_data = ${directory}/mon
mon_data_avail_warn = 1
mon_data_avail_crit = 0
mon_osd_full_ratio = .99
mon_osd_nearfull_ratio = .98
mon_osd_backfillfull_ratio = .985
paxos_propose_interval = 0.05
paxos_min_wait = 0.02

[osd]
osd_data = ${directory}/osd
osd_objectstore = memstore
memstore_device_bytes = 8589934592

[client.gateway]
rgw_data = ${directory}/gateway
rgw_frontends = beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1
rgw_dns_name = 127.0.0.1
rgw_rados_pool_pg_num_min = 4
rgw_thread_pool_size = 64
rgw_enable_usage_log = false
rgw_lifecycle_work_time = 00:00-23:59
rgw_gc_obj_min_wait = 1
rgw_gc_processor_period = 2
`
}
