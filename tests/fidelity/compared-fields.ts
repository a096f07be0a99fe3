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
  ...names('ip', 'opt.type opt.type.copy opt.type.class opt.type.number opt.len opt.ptr cur_rt src_rt rec_rt empty_rt'),
  ...names('ip', 'opt.overflow opt.flag opt.time_stamp opt.time_stamp_addr opt.ra'),
  ...names('ipv6', 'version tclass flow plen nxt hlim src dst hopopts.nxt hopopts.len dstopts.nxt dstopts.len'),
  ...names('ipv6', 'hopopts.len_oct dstopts.len_oct opt.type opt.type.action opt.type.change opt.type.rest opt.length'),
  ...names('ipv6', 'opt.padn opt.router_alert opt.unknown'),
  ...names('ipv6', 'routing.nxt routing.len routing.len_oct routing.type routing.segleft routing.src.reserved'),
  ...names('ipv6', 'routing.src.addr routing.srh.last_entry routing.srh.flags routing.srh.tag routing.srh.addr'),
  ...names(
    'ipv6',
    'fraghdr.nxt fraghdr.offset fraghdr.more fraghdr.ident fraghdr.reserved_octet fraghdr.reserved_bits',
  ),
  ...names('icmp', 'type code checksum checksum.status ident ident_le seq seq_le unused mtu redir_gw'),
  ...names('icmpv6', 'type code checksum checksum.status echo.identifier echo.sequence_number reserved'),
  ...names(
    'icmpv6',
    'mtu pointer nd.ns.target_address nd.na.flag nd.na.flag.r nd.na.flag.s nd.na.flag.o nd.na.flag.rsv',
  ),
  ...names(
    'icmpv6',
    'nd.na.target_address nd.rd.target_address rd.na.destination_address nd.ra.cur_hop_limit nd.ra.flag',
  ),
  ...names('icmpv6', 'nd.ra.flag.m nd.ra.flag.o nd.ra.flag.h nd.ra.flag.prf nd.ra.flag.p nd.ra.flag.rsv'),
  ...names('icmpv6', 'nd.ra.router_lifetime nd.ra.reachable_time nd.ra.retrans_timer opt.type opt.length opt.linkaddr'),
  ...names('icmpv6', 'opt.src_linkaddr opt.target_linkaddr opt.mtu opt.nonce opt.prefix.length opt.prefix.flag'),
  ...names('icmpv6', 'opt.prefix.flag.l opt.prefix.flag.a opt.prefix.flag.r opt.prefix.flag.reserved opt.prefix'),
  ...names('icmpv6', 'opt.prefix.valid_lifetime opt.prefix.preferred_lifetime opt.route_info.flag opt.route_lifetime'),
  ...names('icmpv6', 'opt.route_info.flag.route_preference opt.route_info.flag.reserved opt.rdnss.lifetime opt.rdnss'),
  ...names('icmpv6', 'opt.dnssl.lifetime opt.dnssl mld.maximum_response_delay mld.maximum_response_code'),
  ...names('icmpv6', 'mld.multicast_address mld.flag mld.flag.s mld.flag.qrv mld.flag.reserved mld.qqi mld.nb_sources'),
  ...names('icmpv6', 'mld.source_address mldr.nb_mcast_records mldr.mar.record_type mldr.mar.aux_data_len'),
  ...names('icmpv6', 'mldr.mar.nb_sources mldr.mar.multicast_address mldr.mar.source_address'),
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
    'dhcp',
    'type hw.type hw.len hops id secs flags flags.bc flags.reserved ip.client ip.your ip.server ip.relay',
  ),
  ...names('dhcp', 'hw.mac_addr hw.addr_padding server file cookie bootp option.type option.length option.value'),
  ...names('dhcp', 'option.padding option.end option.dhcp option.request_list_item option.requested_ip_address'),
  ...names('dhcp', 'option.hostname option.vendor_class_id option.dhcp_max_message_size option.dhcp_server_id'),
  ...names('dhcp', 'option.ip_address_lease_time option.renewal_time_value option.rebinding_time_value option.router'),
  ...names('dhcp', 'option.subnet_mask option.broadcast_address option.domain_name_server option.domain_name'),
  ...names('dhcp', 'option.ntp_server option.interface_mtu option.vendor.value option.message fqdn.flags fqdn.mbz'),
  ...names('dhcp', 'fqdn.n fqdn.e fqdn.o fqdn.s fqdn.rcode1 fqdn.rcode2 fqdn.name option.suboption_length'),
  ...names('dhcp', 'option.agent_information_option.suboption option.agent_information_option.value'),
  ...names('dhcp', 'option.agent_information_option.agent_circuit_id option.classless_static_route'),
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
  ...names('tls', 'record.content_type record.version record.length alert_message.level alert_message.desc app_data'),
  ...names('tls.handshake', 'type length version random session_id_length session_id cipher_suites_length ciphersuite'),
  ...names('tls.handshake', 'comp_methods_length comp_method extensions_length extension.type extension.len'),
  ...names('tls.handshake', 'extensions_server_name_list_len extensions_server_name_type extensions_server_name_len'),
  ...names('tls.handshake', 'extensions_server_name extensions_alpn_len extensions_alpn_str_len extensions_alpn_str'),
  ...names(
    'tls.handshake',
    'extensions_supported_groups_length extensions_supported_group sig_hash_alg_len sig_hash_alg',
  ),
  ...names('tls.handshake', 'extensions.supported_versions_len extensions.supported_version certificates_length'),
  ...names(
    'tls.handshake',
    'extensions_key_share_client_length extensions_key_share_group certificate_length certificate',
  ),
  ...names('tls.handshake', 'extensions_key_share_key_exchange_length extensions_key_share_key_exchange'),
  ...names('tls.handshake', 'server_curve_type server_named_curve server_point_len server_point sig_len sig'),
  ...names('bgp', 'marker length type open.version open.myas open.holdtime open.identifier open.opt.len'),
  ...names(
    'bgp',
    'open.opt.param.type open.opt.param.len cap.type cap.length cap.mp.afi cap.reserved cap.mp.safi cap.4as',
  ),
  ...names(
    'bgp',
    'cap.gr.timers cap.gr.timers.restart_flag cap.gr.timers.notification_flag cap.gr.timers.restart_time',
  ),
  ...names('bgp', 'notify.major_error notify.minor_error_cease route_refresh.afi route_refresh.subtype'),
  ...names('bgp', 'route_refresh.safi update.withdrawn_routes.length withdrawn_prefix prefix_length nlri_prefix'),
  ...names('bgp', 'update.path_attributes.length'),
  ...names('bgp.update.path_attribute', 'flags flags.optional flags.transitive flags.partial flags.extended_length'),
  ...names(
    'bgp.update.path_attribute',
    'flags.unused type_code length origin as_path_segment.type next_hop local_pref',
  ),
  ...names(
    'bgp.update.path_attribute',
    'as_path_segment.length as_path_segment.as2 as_path_segment.as4 multi_exit_disc',
  ),
  ...names(
    'http',
    'request request.method request.uri request.version response response.version response.code response.phrase',
  ),
  ...names(
    'http',
    'host user_agent accept content_type content_length_header content_length server date request.line response.line',
  ),
];
