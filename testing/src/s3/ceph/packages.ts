/** What a private Ceph is made of. */
export const cephPrograms: readonly string[] = [
  'radosgw',
  'radosgw-admin',
  'ceph-mon',
  'ceph-osd',
  'ceph',
  'ceph-authtool',
  'monmaptool',
]

/** The packages of Debian that have them. */
export const cephPackages: readonly string[] = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common']
