# `make install` installs the binary; `make deb` also what a Debian system runs it by: units, their user, configuration.
install(TARGETS gantry RUNTIME DESTINATION bin COMPONENT program)

set(deploy ${PROJECT_SOURCE_DIR}/deploy)
install(FILES ${deploy}/systemd/gantry-broker.service ${deploy}/systemd/gantry-scaler.service
              ${deploy}/systemd/gantry-controller.service
        DESTINATION lib/systemd/system COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${deploy}/systemd/gantry.conf DESTINATION lib/sysusers.d COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${deploy}/systemd/scaler.yaml ${deploy}/systemd/broker.env ${deploy}/systemd/controller.yaml
        DESTINATION /etc/gantry COMPONENT system EXCLUDE_FROM_ALL)
install(FILES README.md CHANGELOG.md docs/keda.md docs/controller.md docs/upgrade.md DESTINATION share/doc/gantry COMPONENT system EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gantry)
set(CPACK_PACKAGE_CONTACT "Gantry developers <gantry@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "keeps Apache RocketMQ consumers elastic")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Scales consumers of Apache RocketMQ with their lag: an external scaler for\n KEDA, an autoscaler for one machine, a controller of\n broker replica sets, and a broker for development and the edge.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program system)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, systemd | systemd-standalone-sysusers")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${deploy}/debian/conffiles ${deploy}/debian/postinst ${deploy}/debian/prerm ${deploy}/debian/postrm)
include(CPack)
