// The fields that are compared with tshark's, occurrence by occurrence. Left out on purpose: udp.payload, tcp.payload and
// data.data (bytes, and tshark gives none where a known protocol follows), http.file_data (tshark decodes it as text).
const names = (prefix: string, list: string): string[] =>
  list
    .trim()
    .split(/\s+/)
    .map((name) => `${prefix}.${name}`);

export const COMPARED_FIELDS: readonly string[] = [
  ...names('eth', 'dst dst.lg dst.ig src src.lg src.ig type len'),
  ...names('sll', 'etype ifindex hatype pkttype halen src.eth unused'),
  ...names('null', 'family'),
  ...names('vlan', 'priority dei id etype'),
  ...names('llc', 'dsap dsap.sap dsap.ig ssap ssap.sap ssap.cr control control.u_modifier_cmd control.u_modifier_resp'),
  ...names('llc', 'control.n_r control.n_s oui type pid'),
  ...names(
    'stp',
    'protocol version type flags flags.tcack flags.agreement flags.forwarding flags.learning flags.port_role',
  ),
  ...names('stp', 'flags.proposal flags.tc root.prio root.ext root.hw root.cost bridge.prio bridge.ext bridge.hw port'),
  ...names('stp', 'msg_age max_age hello forward version_1_length'),
  ...names(
    'gre',
    'flags_and_version flags.checksum flags.routing flags.key flags.sequence_number flags.strict_source_route',
  ),
  ...names('gre', 'flags.recursion_control flags.reserved flags.version proto checksum checksum.status offset key'),
  ...names('gre', 'sequence_number'),
  ...names('geneve', 'version flags flags.oam flags.critical flags.reserved proto_type vni reserved options option'),
  ...names('geneve', 'option.class option.type option.type.critical option.flags option.flags.reserved option.length'),
  ...names('geneve', 'option.unknown.data'),
  ...names('ah', 'next_header length reserved spi sequence icv'),
  ...names(
    'arp',
    'hw.type proto.type hw.size proto.size opcode isprobe isgratuitous isannouncement src.hw_mac src.proto_ipv4 dst.hw_mac dst.proto_ipv4',
  ),
  ...names(
    'ip',
    'version hdr_len dsfield dsfield.dscp dsfield.ecn len id flags flags.rb flags.df flags.mf frag_offset ttl proto checksum checksum.status src dst',
  ),
  ...names('ip', 'opt.type opt.len'),
  ...names('ipv6', 'version tclass flow plen nxt hlim src dst hopopts.nxt hopopts.len dstopts.nxt dstopts.len'),
  ...names('ipv6', 'fraghdr.nxt fraghdr.offset fraghdr.more fraghdr.ident'),
  ...names('icmp', 'type code checksum checksum.status ident ident_le seq seq_le unused mtu redir_gw'),
  ...names('icmpv6', 'type code checksum checksum.status echo.identifier echo.sequence_number reserved'),
  ...names('icmpv6', 'nd.ns.target_address nd.na.flag.r nd.na.flag.s nd.na.flag.o nd.na.target_address'),
  ...names('udp', 'srcport dstport length checksum checksum.status'),
  ...names(
    'tcp',
    'srcport dstport len seq_raw ack_raw hdr_len flags flags.res flags.ae flags.cwr flags.ece flags.urg flags.ack flags.push',
  ),
  ...names(
    'tcp',
    'flags.reset flags.syn flags.fin flags.str window_size_value checksum checksum.status urgent_pointer',
  ),
  ...names(
    'tcp',
    'options option_kind option_len options.mss_val options.wscale.shift options.wscale.multiplier options.sack_le options.sack_re',
  ),
  ...names('tcp', 'options.timestamp.tsval options.timestamp.tsecr'),
  ...names('vxlan', 'flags flag_g flag_i flag_d flag_a gbp vni reserved8'),
  ...names(
    'dns',
    'length id flags flags.response flags.opcode flags.authoritative flags.truncated flags.recdesired flags.recavail flags.z',
  ),
  ...names(
    'dns',
    'flags.authenticated flags.checkdisable flags.rcode count.queries count.answers count.auth_rr count.add_rr',
  ),
  ...names(
    'dns',
    'qry.name qry.name.len count.labels qry.type qry.class resp.name resp.type resp.class resp.ttl resp.len',
  ),
  ...names(
    'dns',
    'a aaaa ns cname ptr.domain_name mx.preference mx.mail_exchange txt txt.length srv.service srv.proto srv.name srv.priority srv.weight srv.port srv.target',
  ),
  ...names(
    'dns',
    'soa.mname soa.rname soa.serial_number soa.refresh_interval soa.retry_interval soa.expire_limit soa.minimum_ttl',
  ),
  ...names('dns', 'rr.udp_payload_size resp.ext_rcode resp.edns0_version resp.z'),
  ...names(
    'http',
    'request request.method request.uri request.version response response.version response.code response.phrase',
  ),
  ...names(
    'http',
    'host user_agent accept content_type content_length_header content_length server date request.line response.line',
  ),
];
